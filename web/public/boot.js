// Theme and language before the first paint; a file of its own because the policy forbids inline scripts.
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
})();
