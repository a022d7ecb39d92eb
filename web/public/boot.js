// Theme and language before the first paint, and what the page needs on its way before its code is there; a file of its
// own because the policy forbids inline scripts.
(() => {
  let saved = {};
  try {
    saved = JSON.parse(localStorage.getItem('vitrine.preferences') || '{}').state || {};
  } catch {
    // Storage can be switched off; the defaults below hold.
  }
  const dark =
    saved.theme === 'dark' ||
    (saved.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  const language = saved.language || (/^zh\b/i.test(navigator.language || '') ? 'zh-CN' : 'en');
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  document.documentElement.lang = language;

  const files = {}; // scripts/early.ts writes into the built file what each page loads
  const page = location.pathname.split('/')[1];
  if (!files[page]) return;
  const load = (names, more) => {
    for (const name of names)
      document.head.append(
        Object.assign(document.createElement('link'), { href: `/${name}`, ...more }),
      );
  };
  load(files.fonts, { rel: 'preload', as: 'font', type: 'font/woff2', crossOrigin: '' });
  load([...files[language], ...files[page], ...files[`${page} ${language}`]], {
    rel: 'modulepreload',
  });

  // In this order: the lists are not older than the position in the stream that the queue tells (api/early.ts).
  const lists = {
    generate: ['/api/v1/runs?state=all&limit=30', '/api/v1/models', '/api/v1/operations'],
    queue: ['/api/v1/runs?state=active&limit=30', '/api/v1/runs?state=all&limit=30'],
  };
  window.early = new Map();
  const ask = (paths, then) => {
    for (const path of paths) {
      const answer = fetch(path, { headers: { 'X-Vitrine': '1' } });
      window.early?.set(path, answer);
      answer.then(
        ({ ok }) => ok && then?.(),
        () => {}, // whoever takes it is told
      );
    }
  };
  ask(['/api/v1/me'], () => ask(['/api/v1/queue'], () => ask(lists[page] ?? [])));
})();
