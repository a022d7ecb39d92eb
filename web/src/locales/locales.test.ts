import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const source = join(here, '..');
type Texts = Record<string, string>;

function read(language: string, bundle: string): Texts {
  return JSON.parse(readFileSync(join(here, language, bundle), 'utf8'));
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(folder, entry.name))
      : /\.tsx?$/.test(entry.name) && !/\.test\.|\.d\.ts$/.test(entry.name)
        ? [join(folder, entry.name)]
        : [],
  );
}

const singular = (key: string) => key.replace(/_(one|other)$/, '');
const bundles = readdirSync(join(here, 'en'));
const code = files(source).map((file) => ({ file, text: readFileSync(file, 'utf8') }));
const all = code.map(({ text }) => text).join('\n');

describe.each(bundles)('texts of %s', (bundle) => {
  const english = read('en', bundle);
  const chinese = read('zh-CN', bundle);
  const name = bundle.replace('.json', '');

  it('has the same keys in both languages', () => {
    const keys = (texts: Texts) => [...new Set(Object.keys(texts).map(singular))].sort();
    expect(keys(chinese)).toEqual(keys(english));
  });

  it('has every plural form that its language needs', () => {
    for (const key of Object.keys(english)) {
      if (key.endsWith('_one')) expect(english, key).toHaveProperty([`${singular(key)}_other`]);
      if (key.endsWith('_other')) {
        expect(english, key).toHaveProperty([`${singular(key)}_one`]);
        expect(chinese, key).toHaveProperty([key]);
      }
    }
  });

  it('has the same placeholders in both languages', () => {
    const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort();
    for (const [key, text] of Object.entries(chinese)) {
      expect(holes(text), key).toEqual(holes(english[key] ?? ''));
    }
  });

  it('has no English left in the Chinese', () => {
    // Names, formats, units and the other language's own name are the same everywhere.
    const names =
      /Shift|Ctrl|Esc|UTC\b|Content-Type|Idempotency-Key|Retry-After|If-Match|Allow|Range|Host|field|whose|limit|left|unit|vitrine|AI|OpenAPI|API|ComfyUI|JSON|RFC|ZIP|PNG|JPEG|WebP|UTF-8|Cookie|HTTP|English|GPT|USD|CNY|\{\{\w+\}\}|100 %|400 %/g;
    for (const [key, text] of Object.entries(chinese)) {
      expect(text.replace(names, ''), key).not.toMatch(/[A-Za-z]{2,}/);
      if (/[A-Za-z]{3,}/.test((english[key] ?? '').replace(names, ''))) {
        expect(text, key).toMatch(/[\u4e00-\u9fff]/);
      }
    }
  });

  it('uses full-width punctuation in the Chinese', () => {
    for (const [key, text] of Object.entries(chinese)) {
      expect(text, key).not.toMatch(/[\u4e00-\u9fff][,;:!?]/);
      expect(text, key).not.toMatch(/[「」]/);
    }
  });

  it('has no text that nothing shows', () => {
    // These are chosen by the server's codes; a template literal covers what begins like it.
    if (name === 'errors' || name === 'causes') return;
    const templates = [...all.matchAll(/`([a-z]+\.[\w.-]*)\$\{/g)].map((match) => match[1] ?? '');
    for (const key of Object.keys(english).map(singular)) {
      const full = `${name}.${key}`;
      const isShown =
        all.includes(`'${full}'`) || templates.some((prefix) => full.startsWith(prefix));
      expect(isShown, full).toBe(true);
    }
  });
});

describe('errors', () => {
  const table = readFileSync(join(source, '../../src/core/error.def'), 'utf8');
  const codes = [...table.matchAll(/^ERROR_DEF\(.*"(\w+)"\)/gm)].map((match) => match[1] ?? '');

  it.each(['en', 'zh-CN'])('have a sentence with a next step for every code in %s', (language) => {
    const texts = read(language, 'errors.json');
    expect(codes.length).toBeGreaterThan(40);
    for (const one of codes) {
      expect(texts, one).toHaveProperty([one]);
      expect(texts[one], one).toMatch(language === 'en' ? /[.!]$/ : /[。！]$/);
      // What happened, and then what to do.
      expect(texts[one], one).toMatch(language === 'en' ? /[.:;] .*[.!]$/ : /请/);
    }
  });

  it.each(['en', 'zh-CN'])('have a cause for every code and no other in %s', (language) => {
    const causes = read(language, 'causes.json');
    expect(Object.keys(causes).sort()).toEqual([...codes].sort());
    for (const one of codes) {
      expect(causes[one], one).toMatch(language === 'en' ? /\.$/ : /。$/);
    }
  });

  it('have no sentence for a code that does not exist', () => {
    const ours = ['page', 'no_connection', 'not_json', 'workflow_of_editor']; // the page's own
    const unknown = Object.keys(read('en', 'errors.json')).filter(
      (key) => !codes.includes(key) && !ours.includes(key),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the Chinese', () => {
  const all = bundles.flatMap((bundle) => Object.entries(read('zh-CN', bundle)));

  // One thing has one name; what stands second was said of the same, or is no Chinese of today.
  it.each([
    ['收藏', /加星标|取消星标|标星/, 'star'],
    ['彻底删除', /永久删除/, 'delete for good'],
    ['Shift', /上档键/, 'the key'],
    ['刚刚', /现在/, 'just now'],
    ['100 万', /\d\s*百万|每百万|\}\} 百万/, 'a million'],
  ])('says %s, not %s, of %s', (_good, bad) => {
    expect(all.filter(([, text]) => bad.test(text))).toEqual([]);
  });

  it('runs no words of a provider into its sentences', () => {
    expect(read('zh-CN', 'common.json').quoted).toMatch(/：$/);
    const raw = all.filter(
      ([key, text]) => /^(missing|story\.said)/.test(key) && /\{\{(reason|text)\}\}/.test(text),
    );
    expect(raw).toEqual([]);
  });
});
