import i18next from 'i18next';
import { useSyncExternalStore } from 'react';
import type auth from '../locales/en/auth.json';
import type causes from '../locales/en/causes.json';
import type common from '../locales/en/common.json';
import type docs from '../locales/en/docs.json';
import type errors from '../locales/en/errors.json';
import type generate from '../locales/en/generate.json';
import type library from '../locales/en/library.json';
import type picker from '../locales/en/picker.json';
import type products from '../locales/en/products.json';
import type queue from '../locales/en/queue.json';
import type settings from '../locales/en/settings.json';
import {
  formatBytes,
  formatDateTime,
  formatDay,
  formatDuration,
  formatMoney,
  formatMonth,
  formatNumber,
  formatPercent,
  formatPixels,
  formatRelative,
  formatSpan,
  formatTime,
} from './format';
import type { Language } from './preferences';

interface Bundles {
  auth: typeof auth;
  causes: typeof causes;
  common: typeof common;
  docs: typeof docs;
  errors: typeof errors;
  generate: typeof generate;
  library: typeof library;
  picker: typeof picker;
  products: typeof products;
  queue: typeof queue;
  settings: typeof settings;
}
export type Bundle = keyof Bundles;
/** `count_one` and `count_other` are asked for as `count`. */
type Singular<K extends string> = K extends `${infer Base}_${'one' | 'other'}` ? Base : K;
export type Key = { [B in Bundle]: `${B}.${Singular<keyof Bundles[B] & string>}` }[Bundle];
type Values = Record<string, string | number>;

const files = import.meta.glob<{ default: Record<string, string> }>('../locales/*/*.json');

const instance = i18next.createInstance();

/** Texts without values as they were found: a page asks for hundreds each time it is drawn. */
const found = new Map<Key, string>();
let translator: Translate = translate;
let formats: ReturnType<typeof makeFormats> | undefined;

instance.on('loaded', () => found.clear());
instance.on('languageChanged', () => {
  found.clear();
  translator = (key, values) => translate(key, values);
  formats = undefined;
});

function followLanguage(changed: () => void) {
  instance.on('languageChanged', changed);
  return () => instance.off('languageChanged', changed);
}

/** Starts with the bundles each page needs; the others come with their feature. */
export async function startI18n(language: Language): Promise<void> {
  instance.use({
    type: 'backend',
    init() {},
    read(
      wanted: string,
      bundle: string,
      done: (error: Error | null, data: Record<string, string> | null) => void,
    ) {
      const load = files[`../locales/${wanted}/${bundle}.json`];
      if (!load) {
        done(new Error(`no texts for ${wanted}/${bundle}`), null);
        return;
      }
      load().then(
        (file) => done(null, file.default),
        (error: Error) => done(error, null),
      );
    },
  });
  await instance.init({
    lng: language,
    supportedLngs: ['en', 'zh-CN'],
    load: 'currentOnly',
    fallbackLng: false,
    ns: ['common', 'errors'],
    defaultNS: 'common',
    keySeparator: false,
    nsSeparator: ':',
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}

export async function loadTexts(...bundles: Bundle[]): Promise<void> {
  await instance.loadNamespaces(bundles);
}

export async function changeLanguage(language: Language): Promise<void> {
  await instance.changeLanguage(language);
  document.documentElement.lang = language;
}

export function currentLanguage(): Language {
  return instance.language === 'zh-CN' ? 'zh-CN' : 'en';
}

export function translate(key: Key, values?: Values): string {
  const known = values ? undefined : found.get(key);
  if (known !== undefined) return known;
  const dot = key.indexOf('.');
  const text = instance.t(`${key.slice(0, dot)}:${key.slice(dot + 1)}`, values ?? {});
  if (!values) found.set(key, text);
  return text;
}

/** Whether a text exists; for keys that a server word chooses. */
export function hasText(key: string): key is Key {
  const dot = key.indexOf('.');
  return instance.exists(`${key.slice(0, dot)}:${key.slice(dot + 1)}`);
}

export type Translate = typeof translate;

/** A choice of the server's tables in words; what has none, like "png", is its own name. */
export function choiceText(choice: string, t: Translate): string {
  const key = `common.choice.${choice}`;
  return hasText(key) ? t(key) : choice;
}

/** The translator; its identity changes with the language, so memoised texts follow. */
export function useT(): Translate {
  return useSyncExternalStore(followLanguage, () => translator);
}

function makeFormats(language: string) {
  return {
    language,
    number: (value: number, digits?: number) => formatNumber(value, language, digits),
    percent: (share: number) => formatPercent(share, language),
    money: (micro: number, currency: string) => formatMoney(micro, currency, language),
    bytes: (bytes: number) => formatBytes(bytes, language),
    duration: (ms: number) => formatDuration(ms, language),
    dateTime: (iso: string | null) => formatDateTime(iso, language),
    time: (iso: string | null) => formatTime(iso, language),
    day: (day: string) => formatDay(day, language, new Date()),
    span: (from: string, to: string) => formatSpan(from, to, language),
    month: (day: string) => formatMonth(day, language),
    relative: (iso: string | null) =>
      formatRelative(iso, language, Date.now()) || (iso ? translate('common.justNow') : ''),
    pixels: (pixels: number) => formatPixels(pixels, language),
  };
}

function currentFormats() {
  formats ??= makeFormats(instance.language);
  return formats;
}

/** Formatters bound to the page's language. */
export function useFormat() {
  return useSyncExternalStore(followLanguage, currentFormats);
}

/** What the server says in two languages (operations, parameters, settings, kinds). */
export function pickLanguage(en: string, zh: string, language: string): string {
  return language.startsWith('zh') ? zh || en : en || zh;
}
