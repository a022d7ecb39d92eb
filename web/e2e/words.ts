import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import i18next from 'i18next';
import type { Key } from '~/lib/i18n';
import type { Language } from '~/lib/preferences';

const folder = join(import.meta.dirname, '../src/locales');
type Texts = Record<string, string>;

function bundles(language: Language): Record<string, Texts> {
  return Object.fromEntries(
    readdirSync(join(folder, language)).map((file) => [
      file.replace('.json', ''),
      JSON.parse(readFileSync(join(folder, language, file), 'utf8')),
    ]),
  );
}
const resources = { en: bundles('en'), 'zh-CN': bundles('zh-CN') };

/** The page's own words, by their keys; `like` stands for a text whose gaps hold anything. */
export function wordsOf(language: Language) {
  const texts = i18next.createInstance();
  void texts.init({
    lng: language,
    resources,
    initAsync: false,
    fallbackLng: false,
    keySeparator: false,
    nsSeparator: ':',
    interpolation: { escapeValue: false },
  });
  const say = (key: Key, values: Record<string, string | number> = {}): string => {
    const dot = key.indexOf('.');
    const full = `${key.slice(0, dot)}:${key.slice(dot + 1)}`;
    if (!texts.exists(full, values)) throw new Error(`no text for ${key} in ${language}`);
    return texts.t(full, values);
  };
  const like = (key: Key, values: Record<string, string | number> = {}): RegExp => {
    // What is not given stays a gap; a plural is asked for as many, in which Chinese is the same.
    const dot = key.indexOf('.');
    const all = resources[language][key.slice(0, dot)] ?? {};
    const name = key.slice(dot + 1);
    const forms = [name, `${name}_one`, `${name}_other`].flatMap((one) => all[one] ?? []);
    return new RegExp(`^(?:${forms.map((text) => patternOf(text, values)).join('|')})$`);
  };
  return { say, like };
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function patternOf(text: string, values: Record<string, string | number> = {}): string {
  return text
    .split(/\{\{(\w+)\}\}/)
    .map((part, at) =>
      at % 2 === 0 ? escaped(part) : part in values ? escaped(String(values[part])) : '.+',
    )
    .join('');
}

/** English of the catalogue that reads otherwise in Chinese: whole texts, and patterns of those with gaps. */
export function englishOnly(): { whole: string[]; patterns: string[] } {
  const pairs = Object.entries(resources.en).flatMap(([bundle, texts]) =>
    Object.entries(texts).map(([key, text]) => ({
      text,
      chinese: resources['zh-CN'][bundle]?.[key.replace(/_one$/, '_other')],
    })),
  );
  const foreign = pairs.filter(({ text, chinese }) => text !== chinese).map(({ text }) => text);
  const hasGap = (text: string) => text.includes('{{');
  return {
    whole: foreign.filter((text) => !hasGap(text)),
    // "{{done}} of {{total}}" alone says too little to tell it by.
    patterns: foreign
      .filter((text) => hasGap(text) && /[A-Za-z]{3,}/.test(text.replace(/\{\{\w+\}\}/g, '')))
      .map((text) => `^${patternOf(text)}$`),
  };
}
