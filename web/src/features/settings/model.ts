import { ApiError } from '~/api/errors';
import type {
  Model,
  ModelLimits,
  ModelPrice,
  Provider,
  ProviderField,
  ProviderFile,
  ProviderHealth,
  ProviderImport,
  ProviderKey,
  ProviderKind,
  Queue,
  QueueLane,
  Setting,
} from '~/api/types';
import { breakerOf, isResting } from '~/lib/resting';
import type { OwnWorkflow } from './workflow-model';

/** The names of fields that are the provider's own columns; all others go into its options. */
const columns = ['base_url', 'key', 'session_token'];

export type FieldValue = string | number | boolean | OwnWorkflow[];

export interface ProviderForm {
  kind: string;
  name: string;
  values: Record<string, FieldValue>;
  isPrivateAllowed: boolean;
}

function fallbackOf(field: ProviderField): FieldValue {
  if (field.type === 'workflows') return [];
  if (field.type === 'bool') return field.fallback === 'true';
  if (field.type === 'int' || field.type === 'double') {
    return field.fallback === '' ? '' : Number(field.fallback);
  }
  if (field.type === 'choice') return field.fallback || (field.choices[0] ?? '');
  return '';
}

export function emptyForm(kind: ProviderKind, taken: readonly string[]): ProviderForm {
  let name = kind.label;
  for (let count = 2; taken.includes(name); count++) name = `${kind.label} ${count}`;
  return {
    kind: kind.name,
    name,
    values: Object.fromEntries(kind.fields.map((field) => [field.name, fallbackOf(field)])),
    isPrivateAllowed: false,
  };
}

export function formOf(provider: Provider, kind: ProviderKind): ProviderForm {
  const options =
    provider.options && typeof provider.options === 'object'
      ? (provider.options as Record<string, FieldValue>)
      : {};
  return {
    kind: provider.kind,
    name: provider.name,
    values: Object.fromEntries(
      kind.fields.map((field) => [
        field.name,
        field.name === 'base_url'
          ? provider.base_url
          : field.type === 'secret'
            ? ''
            : (options[field.name] ?? fallbackOf(field)),
      ]),
    ),
    isPrivateAllowed: provider.is_private_allowed,
  };
}

/** What is sent; a secret that was not typed stays as it is. */
export function providerBody(form: ProviderForm, kind: ProviderKind) {
  const options: Record<string, FieldValue> = {};
  let key: string | undefined;
  let token = '';
  let baseUrl: string | undefined;
  for (const field of kind.fields) {
    const value = form.values[field.name];
    if (field.name === 'base_url') baseUrl = String(value ?? '').trim();
    else if (field.name === 'session_token') token = String(value ?? '').trim();
    else if (field.name === 'key' || field.type === 'secret') {
      const text = String(value ?? '').trim();
      if (text) key = text;
    } else if (!columns.includes(field.name) && value !== undefined && value !== '') {
      options[field.name] = value;
    }
  }
  return {
    name: form.name.trim(),
    ...(baseUrl !== undefined ? { base_url: baseUrl } : {}),
    ...(key !== undefined ? { key } : {}),
    ...(token ? { session_token: token } : {}),
    options,
    is_private_allowed: form.isPrivateAllowed,
  };
}

/** The first thing that is missing, by field name; an existing key counts as given. */
export function missingField(form: ProviderForm, kind: ProviderKind, hasKey: boolean): string {
  if (form.name.trim() === '') return 'name';
  for (const field of kind.fields) {
    if (!field.is_required || (field.type === 'secret' && hasKey)) continue;
    if (String(form.values[field.name] ?? '').trim() === '') return field.name;
  }
  return '';
}

/** Where a kind stands among the others; one that a newer server brings is a service abroad. */
const places = {
  china: ['ark', 'volc_visual', 'dashscope', 'minimax', 'zhipu', 'siliconflow'],
  own: ['comfyui'],
  trial: ['mock', 'ledger'],
} as const;

export type KindGroup = keyof typeof places | 'world';
const groupOrder: readonly KindGroup[] = ['china', 'world', 'own', 'trial'];

/** Kinds that fit the words, by group; words match names and what is said about a kind. */
export function groupKinds(kinds: readonly ProviderKind[], words: string) {
  const wanted = words.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fits = (kind: ProviderKind) => {
    const text = [kind.name, kind.label, kind.about_en, kind.about_zh]
      .join(' ')
      .toLocaleLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const groupOf = (kind: ProviderKind): KindGroup =>
    (Object.keys(places) as (keyof typeof places)[]).find((group) =>
      (places[group] as readonly string[]).includes(kind.name),
    ) ?? 'world';
  return groupOrder
    .map((group) => ({
      group,
      kinds: kinds.filter((kind) => groupOf(kind) === group && fits(kind)),
    }))
    .filter((one) => one.kinds.length > 0);
}

/**
 * What an account is made of stands first, the rest is folded: address and key, what is required,
 * and a text of several lines or workflows, which is what somebody comes for.  A session token few have.
 */
export function foldFields(kind: ProviderKind): { first: ProviderField[]; more: ProviderField[] } {
  const isFirst = (field: ProviderField) =>
    field.is_required ||
    (field.type === 'secret' && field.name !== 'session_token') ||
    field.type === 'url' ||
    field.type === 'long_text' ||
    field.type === 'workflows';
  const first = kind.fields.filter(isFirst);
  const more = kind.fields.filter((field) => !isFirst(field));
  // One or two are no more to look at than the button that hides them.
  return more.length <= 2 ? { first: kind.fields, more: [] } : { first, more };
}

/** "options.latency_ms", "options.workflows[2].graph" or "latency_ms": the field an error speaks of. */
export function errorField(field: string): string {
  return /^options\.([^.[]+)/.exec(field)?.[1] ?? field.split('.').at(-1) ?? field;
}

/** What sets it from outside: "queue.tries_max" is VITRINE_QUEUE_TRIES_MAX. */
export function variableOf(name: string): string {
  return `VITRINE_${name.replaceAll('.', '_').toUpperCase()}`;
}

/** All that a setting is looked for by, in both languages. */
export function settingText(setting: Setting): string {
  const { name, label_en, label_zh, help_en, help_zh } = setting;
  return [name, variableOf(name), label_en, label_zh, help_en, help_zh].join(' ');
}

/** Settings by group, in the server's order. */
export function groupSettings(settings: readonly Setting[]): [string, Setting[]][] {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    const group = groups.get(setting.group);
    if (group) group.push(setting);
    else groups.set(setting.group, [setting]);
  }
  return [...groups];
}

/** A browser by its name, as far as it says; never a guess. */
export function agentName(agent: string): string {
  const browser =
    /(Edg|OPR|Firefox|Chrome|Safari)[/ ]/
      .exec(agent)?.[1]
      ?.replace('Edg', 'Edge')
      .replace('OPR', 'Opera') ?? '';
  const system =
    (/iPhone|iPad/.test(agent) && 'iOS') ||
    (/Android/.test(agent) && 'Android') ||
    (/Mac OS X/.test(agent) && 'macOS') ||
    (/Windows/.test(agent) && 'Windows') ||
    (/Linux|X11/.test(agent) && 'Linux') ||
    '';
  return [browser, system].filter(Boolean).join(' · ') || agent.slice(0, 60);
}

const purposes = ['image', 'edit', 'text', 'vision'] as const;
export type Purpose = (typeof purposes)[number];

/** What a model may be made the default for: what it can do. */
export function purposesOf(model: Model): Purpose[] {
  const can: Record<Purpose, boolean> = {
    image: model.can_generate,
    edit: model.can_edit || (model.can_generate && model.references_max > 0),
    text: model.can_write,
    vision: model.can_write && model.can_see,
  };
  return purposes.filter((purpose) => can[purpose]);
}

/** The model with one purpose more; the server takes it from the model that had it. */
export function withPurpose(model: Model, purpose: Purpose): Partial<ModelChange> {
  const next = purposes.filter((one) => one === purpose || model.purposes.includes(one));
  return { purposes: next, is_default: next.includes('image') };
}

interface ModelChange {
  name: string;
  is_enabled: boolean;
  is_default: boolean;
  price_micro: number;
  price?: ModelPrice | null;
  limits?: ModelLimits;
  purposes?: Purpose[];
  is_forgotten?: boolean;
}

/** A model as it is, but for what changes: the catalogue's price stays the catalogue's, and bounds that
    are not said stay as they were. */
export function modelChange(model: Model, change: Partial<ModelChange> = {}): ModelChange {
  return {
    name: model.name,
    is_enabled: model.is_enabled,
    is_default: model.is_default,
    price_micro: -1,
    price: model.own_price,
    ...change,
  };
}

const limits = ['concurrency', 'per_minute', 'units_per_minute'] as const;

/** Those of a model's own bounds that are some. */
export function limitsSet(of: ModelLimits) {
  return limits.filter((name) => of[name] > 0);
}

/** Bounds as they are edited: what is no bound stands empty. */
export type LimitsDraft = Record<(typeof limits)[number], number | null> & { is_paused: boolean };

export function limitsDraft(of: ModelLimits): LimitsDraft {
  return {
    concurrency: of.concurrency || null,
    per_minute: of.per_minute || null,
    units_per_minute: of.units_per_minute || null,
    is_paused: of.is_paused ?? false,
  };
}

export function draftLimits(draft: LimitsDraft): ModelLimits {
  return {
    concurrency: draft.concurrency ?? 0,
    per_minute: draft.per_minute ?? 0,
    units_per_minute: draft.units_per_minute ?? 0,
    is_paused: draft.is_paused,
  };
}

export const priceRules = ['list', 'percent', 'pictures', 'tokens'] as const;
type PriceRule = (typeof priceRules)[number];

export interface PriceRow {
  quality: string;
  megapixels: number | null;
  price: number | null;
}

/** A price as it is edited: whole units of money, megapixels, nulls where nothing stands yet. */
export interface PriceDraft {
  rule: PriceRule;
  currency: string;
  percent: number | null;
  rows: PriceRow[];
  textIn: number | null;
  imageIn: number | null;
  cachedIn: number | null;
  out: number | null;
}

const whole = (micro: number | undefined) => (micro ? micro / 1e6 : null);
const micro = (units: number | null) => Math.round((units ?? 0) * 1e6);

export function priceDraft(model: Model): PriceDraft {
  const own = model.own_price;
  const rows = own?.pictures ?? [];
  return {
    rule: (own?.rule as PriceRule | undefined) ?? 'list',
    currency: own?.currency || model.currency || 'USD',
    percent: own?.percent || 100,
    rows:
      rows.length > 0
        ? rows.map((row) => ({
            quality: row.quality ?? '',
            megapixels: whole(row.pixels_max),
            price: row.price_micro / 1e6,
          }))
        : [
            {
              quality: '',
              megapixels: null,
              price: model.price_micro < 0 ? null : model.price_micro / 1e6,
            },
          ],
    textIn: whole(model.text_in_micro),
    imageIn: whole(model.image_in_micro),
    cachedIn: whole(model.cached_in_micro),
    out: whole(model.out_micro),
  };
}

/** What is still wrong with it, as the name of its text; nothing when it can be saved. */
export function priceFault(
  draft: PriceDraft,
): 'percent' | 'currency' | 'row' | 'twice' | 'out' | '' {
  if (draft.rule === 'list') return '';
  if (draft.rule === 'percent') return draft.percent ? '' : 'percent';
  if (!/^[A-Z]{3}$/.test(draft.currency)) return 'currency';
  if (draft.rule === 'tokens') return draft.out ? '' : 'out';
  if (draft.rows.length === 0 || draft.rows.some((row) => row.price === null)) return 'row';
  const keys = draft.rows.map((row) => `${row.quality} ${row.megapixels ?? 0}`);
  return new Set(keys).size < keys.length ? 'twice' : '';
}

/** As it is sent; null takes the house's own price away. */
export function draftPrice(draft: PriceDraft): ModelPrice | null {
  const { rule, currency } = draft;
  if (rule === 'list') return null;
  if (rule === 'percent') return { rule, percent: draft.percent ?? 0 };
  if (rule === 'pictures')
    return {
      rule,
      currency,
      pictures: draft.rows.map((row) => ({
        quality: row.quality,
        pixels_max: micro(row.megapixels),
        price_micro: micro(row.price),
      })),
    };
  return {
    rule,
    currency,
    text_in_micro: micro(draft.textIn),
    image_in_micro: micro(draft.imageIn),
    cached_in_micro: micro(draft.cachedIn),
    out_micro: micro(draft.out),
  };
}

/** The queue stops an account by itself when its key or its credit is refused; that is no setting. */
export function asItRuns(provider: Provider, queue: Queue | undefined): Provider {
  const lane = queue?.providers.find((one) => one.id === provider.id);
  if (provider.is_paused || !lane?.is_paused) return provider;
  return { ...provider, is_paused: true, pause_reason: lane.reason };
}

/** Amounts of money are kept in millionths; people read and write the whole. */
export const isMoney = (setting: Setting) => setting.unit === 'micro';

interface NamedWindow {
  name: 'day' | 'week';
  window: ProviderHealth['last_24h'];
}

/** The windows that say something: one without calls does not, nor a week that was all today. */
export function healthWindows(health: ProviderHealth): NamedWindow[] {
  const { last_24h: day, last_7d: week } = health;
  const shown: NamedWindow[] = [];
  if (day.calls > 0) shown.push({ name: 'day', window: day });
  if (week.calls > day.calls) shown.push({ name: 'week', window: week });
  return shown;
}

/** What is to be said of a model in trouble; empty: it is in none. */
function troubleOf(model: QueueLane['models'][number], now: number) {
  const breaker = breakerOf(model, now);
  if (breaker === 'open') return 'breaker';
  if (breaker === 'half_open') return model.failures_in_row > 0 ? 'probe' : 'proving';
  if (isResting(model, now)) return 'resting';
  return model.allowed < model.capacity ? 'learned' : '';
}

/** Models that are left alone or tried by one call, that rest, or get fewer at once than they may. */
export function troubledModels(lane: Pick<QueueLane, 'models'> | undefined, now: number) {
  return (lane?.models ?? []).flatMap((one) => {
    const said = troubleOf(one, now);
    return said === '' ? [] : [{ ...one, said } as const];
  });
}

/** As many bytes as the server reads of it. */
const providerFileMax = 20 * 1024 * 1024;

/** The file as JSON; the server alone says whether it is a good one. */
export function readProviderFile(size: number, text: string): ProviderFile {
  if (size > providerFileMax) {
    throw new ApiError(0, { code: 'too_big', limit: providerFileMax });
  }
  try {
    return JSON.parse(text) as ProviderFile;
  } catch {
    throw new ApiError(0, { code: 'not_json' });
  }
}

type ImportNote = 'renamed' | 'needsKey' | 'needsPrivate' | 'unread';

/** What a person has to know about one of the file's accounts, or do. */
export function importNotes(item: ProviderImport['items'][number]): ImportNote[] {
  const notes: ImportNote[] = [];
  if (item.is_renamed) notes.push('renamed');
  if (item.needs_key) notes.push('needsKey');
  if (item.needs_private) notes.push('needsPrivate');
  if (item.unread_workflows > 0) notes.push('unread');
  return notes;
}

/** A key's share of new calls: by weight, among those that are on and not rejected. */
export function shareOf(
  key: ProviderKey,
  keys: ProviderKey[],
  resting: ReadonlyMap<string, unknown>,
): number {
  const isUsed = (one: ProviderKey) => one.is_enabled && !one.is_lost && !resting.has(one.id);
  const total = keys.filter(isUsed).reduce((sum, one) => sum + one.weight, 0);
  return isUsed(key) ? key.weight / total : 0;
}

/** How many of an account's models another one offers under the same name. */
export function sharedModels(provider: Provider, other: Provider): number {
  const there = new Set(other.models.filter((one) => one.is_enabled).map((one) => one.name));
  return provider.models.filter((one) => one.is_enabled && there.has(one.name)).length;
}
