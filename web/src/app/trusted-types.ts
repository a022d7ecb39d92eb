/** The only policy: no HTML from text (an empty one clears a box), scripts only from our own build. */
interface Factory {
  createPolicy(
    name: string,
    rules: {
      createHTML: (text: string) => string;
      createScriptURL: (url: string) => string;
    },
  ): unknown;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;

factory?.createPolicy('default', {
  createHTML(text) {
    if (text === '') return text;
    throw new TypeError('HTML from text is not allowed');
  },
  createScriptURL(url) {
    const target = new URL(url, location.origin);
    const isOurs =
      target.origin === location.origin &&
      (target.pathname.startsWith('/assets/') || import.meta.env.DEV);
    if (isOurs) return url;
    throw new TypeError('scripts come from /assets/ only');
  },
});
