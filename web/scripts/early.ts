import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin, Rolldown } from 'vite';

/*
 * Without this a browser learns of each part of the page from the one before: the entry, then the
 * texts, then the page, then what it shows.  boot.js runs first, knows page and language, and asks
 * for all of it at once.
 */

/** First part of a path: what is drawn there, and the texts of it. */
const pages = {
  generate: ['features/generate/page.tsx', 'generate'],
  library: ['features/library/page.tsx', 'library'],
  products: ['features/products/page.tsx', 'products'],
  queue: ['features/queue/page.tsx', 'queue'],
  settings: ['features/settings/layout.tsx', 'settings'],
} as const;
const languages = ['en', 'zh-CN'];
const emptyTable = 'const files = {};';

type Bundle = Rolldown.OutputBundle;

function tableOf(bundle: Bundle): Record<string, string[]> {
  const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
  const fileOf = (module: string) => {
    const found = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/src/${module}`));
    if (!found) throw new Error(`no file of its own: ${module}`);
    return found.fileName;
  };
  const closure = (name: string, into = new Set<string>()) => {
    if (into.has(name)) return into;
    into.add(name);
    const chunk = bundle[name];
    if (chunk?.type === 'chunk') for (const one of chunk.imports) closure(one, into);
    return into;
  };
  const textOf = (language: string, texts: string) => fileOf(`locales/${language}/${texts}.json`);

  const first = new Set(
    chunks.filter(({ isEntry }) => isEntry).flatMap(({ fileName }) => [...closure(fileName)]),
  );
  const fonts = Object.keys(bundle).filter((name) => name.endsWith('.woff2'));
  const table: Record<string, string[]> = { fonts };
  for (const language of languages)
    table[language] = ['common', 'errors'].map((texts) => textOf(language, texts));
  for (const [page, [module, texts]] of Object.entries(pages)) {
    const needed = new Set([...closure(fileOf(module)), ...closure(fileOf('ui/toast-region.tsx'))]);
    table[page] = [...needed].filter((name) => !first.has(name));
    for (const language of languages) table[`${page} ${language}`] = [textOf(language, texts)];
  }
  return table;
}

export const earlyFiles: Plugin = {
  name: 'early-files',
  apply: 'build',
  writeBundle({ dir }, bundle) {
    const boot = join(dir ?? '', 'boot.js');
    const bare = readFileSync(boot, 'utf8');
    if (!bare.includes(emptyTable)) throw new Error(`boot.js has no ${emptyTable}`);
    writeFileSync(
      boot,
      bare.replace(emptyTable, `const files = ${JSON.stringify(tableOf(bundle))};`),
    );
  },
};

/** The browser compiles what it loads while it loads, and not function by function when each is called. */
export const compileHints: Plugin = {
  name: 'compile-hints',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const file of Object.values(bundle))
        if (file.type === 'chunk') file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
    },
  },
};
