declare global {
  interface Window {
    /** What boot.js asks the server for while the page's own code is on its way; by path. */
    early?: Map<string, Promise<Response>>;
  }
}

/** The answer that is on its way already; each is for one asker. */
export function takeEarly({ method, url }: Request): Promise<Response> | undefined {
  if (method !== 'GET') return undefined;
  const { pathname, search } = new URL(url);
  const answer = window.early?.get(pathname + search);
  window.early?.delete(pathname + search);
  return answer;
}

/** What nobody asked for until now would be told later for new. */
export function dropEarly() {
  window.early = undefined;
}
