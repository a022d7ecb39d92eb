import { describe, expect, it } from 'vitest';
import type {
  Model,
  ModelPrice,
  Provider,
  ProviderField,
  ProviderHealth,
  ProviderKey,
  ProviderKind,
  Queue,
  QueueLane,
  Setting,
} from '~/api/types';
import {
  agentName,
  asItRuns,
  draftLimits,
  draftPrice,
  emptyForm,
  errorField,
  foldFields,
  formOf,
  groupKinds,
  groupSettings,
  healthWindows,
  importNotes,
  limitsDraft,
  limitsSet,
  missingField,
  modelChange,
  priceDraft,
  priceFault,
  providerBody,
  purposesOf,
  readProviderFile,
  shareOf,
  troubledModels,
  withPurpose,
} from './model';
import { findSettings } from './places';

function field(change: Partial<ProviderField>): ProviderField {
  return {
    name: 'x',
    type: 'text',
    label_en: '',
    label_zh: '',
    help_en: '',
    help_zh: '',
    fallback: '',
    is_required: false,
    min: 0,
    max: 0,
    choices: [],
    ...change,
  };
}

const kind: ProviderKind = {
  name: 'openai',
  label: 'OpenAI',
  about_en: '',
  about_zh: '',
  default_base_url: 'https://api.openai.com/v1',
  key_page: '',
  fields: [
    field({ name: 'base_url', type: 'url' }),
    field({ name: 'key', type: 'secret', is_required: true }),
    field({ name: 'organization' }),
    field({ name: 'latency_ms', type: 'int', fallback: '1500' }),
    field({ name: 'stream', type: 'bool', fallback: 'true' }),
  ],
};

describe('a provider form', () => {
  it('begins with the fall-backs and a free name', () => {
    const form = emptyForm(kind, ['OpenAI', 'OpenAI 2']);
    expect(form.name).toBe('OpenAI 3');
    expect(form.values).toMatchObject({ base_url: '', key: '', latency_ms: 1500, stream: true });
  });

  it('sends columns as columns, the rest as options, and no empty secret', () => {
    const form = emptyForm(kind, []);
    form.values.organization = ' org ';
    const body = providerBody(form, kind);
    expect(body).toEqual({
      name: 'OpenAI',
      base_url: '',
      options: { organization: ' org ', latency_ms: 1500, stream: true },
      is_private_allowed: false,
    });
    form.values.key = ' sk-1 ';
    expect(providerBody(form, kind).key).toBe('sk-1');
  });

  it('sends a session token beside its key, never among the options, and folds its field', () => {
    const token = field({ name: 'session_token', type: 'secret' });
    const temporary = { ...kind, fields: [...kind.fields, token] };
    const form = emptyForm(temporary, []);
    expect(providerBody(form, temporary)).not.toHaveProperty('session_token');
    form.values.key = 'sk-1';
    form.values.session_token = ' sts-1 ';
    const body = providerBody(form, temporary);
    expect(body).toMatchObject({ key: 'sk-1', session_token: 'sts-1' });
    expect(body.options).not.toHaveProperty('session_token');
    expect(foldFields(temporary).more).toContain(token);
  });

  it('asks for what is required, once: a stored key counts', () => {
    const form = emptyForm(kind, []);
    expect(missingField(form, kind, false)).toBe('key');
    expect(missingField(form, kind, true)).toBe('');
    expect(missingField({ ...form, name: ' ' }, kind, true)).toBe('name');
  });

  it('shows what is stored and never a secret', () => {
    const provider = {
      kind: 'openai',
      name: 'Shop',
      base_url: 'http://10.0.0.2/v1',
      options: { latency_ms: 5 },
      is_private_allowed: true,
      has_key: true,
      key_hint: '3f9a',
    } as unknown as Provider;
    expect(formOf(provider, kind)).toEqual({
      kind: 'openai',
      name: 'Shop',
      values: {
        base_url: 'http://10.0.0.2/v1',
        key: '',
        organization: '',
        latency_ms: 5,
        stream: true,
      },
      isPrivateAllowed: true,
    });
  });

  it('finds the field of an error', () => {
    expect(errorField('options.latency_ms')).toBe('latency_ms');
    expect(errorField('name')).toBe('name');
  });
});

describe('the kinds', () => {
  const make = (name: string, about_zh = '') => ({ ...kind, name, label: name, about_zh });
  const kinds = [
    make('mock'),
    make('openai'),
    make('ark', '豆包 Seedream'),
    make('comfyui'),
    make('newcomer'),
  ];
  const names = (words: string) =>
    groupKinds(kinds, words).map(({ group, kinds: list }) => [
      group,
      ...list.map(({ name }) => name),
    ]);

  it('stand in groups, unknown ones among the services, the mock last', () => {
    expect(names('')).toEqual([
      ['china', 'ark'],
      ['world', 'openai', 'newcomer'],
      ['own', 'comfyui'],
      ['trial', 'mock'],
    ]);
  });

  it('are found by words of their description, in any case and order', () => {
    expect(names(' SEEDREAM 豆包')).toEqual([['china', 'ark']]);
    expect(names('nothing')).toEqual([]);
  });

  it('fold what is optional, but not one or two fields', () => {
    const { first, more } = foldFields(kind);
    expect(first.map(({ name }) => name)).toEqual(['base_url', 'key']);
    expect(more.map(({ name }) => name)).toEqual(['organization', 'latency_ms', 'stream']);
    const small = { ...kind, fields: kind.fields.slice(0, 4) };
    expect(foldFields(small)).toEqual({ first: small.fields, more: [] });
    const flow = field({ name: 'workflow', type: 'long_text' });
    expect(foldFields({ ...kind, fields: [...kind.fields, flow] }).first).toContain(flow);
  });
});

describe('a model', () => {
  const model = {
    name: 'gpt-image-1',
    is_enabled: true,
    is_default: false,
    price_micro: 40_000,
    has_own_price: false,
    own_price: null as ModelPrice | null,
  } as Model;

  it("keeps the catalogue's price when something else changes", () => {
    expect(modelChange(model, { is_default: true })).toEqual({
      name: 'gpt-image-1',
      is_enabled: true,
      is_default: true,
      price_micro: -1,
      price: null,
    });
  });

  it('keeps a price of ours', () => {
    const own = { rule: 'percent' as const, percent: 80 };
    expect(modelChange({ ...model, has_own_price: true, own_price: own }).price).toEqual(own);
  });

  it('is bounded by what is said, and by nothing where 0 or nothing stands', () => {
    const limits = { concurrency: 2, per_minute: 0, units_per_minute: 60, is_paused: true };
    expect(limitsSet(limits)).toEqual(['concurrency', 'units_per_minute']);
    expect(limitsDraft(limits)).toEqual({
      concurrency: 2,
      per_minute: null,
      units_per_minute: 60,
      is_paused: true,
    });
    expect(draftLimits(limitsDraft(limits))).toEqual(limits);
    expect(
      limitsSet(
        draftLimits({
          concurrency: 0,
          per_minute: null,
          units_per_minute: null,
          is_paused: false,
        }),
      ),
    ).toEqual([]);
    expect(modelChange(model, { limits }).limits).toEqual(limits);
  });

  it('is priced by one of four rules, and comes back as it was sent', () => {
    const prices: (ModelPrice | null)[] = [
      null,
      { rule: 'percent', percent: 80 },
      {
        rule: 'pictures',
        currency: 'CNY',
        pictures: [{ quality: 'high', pixels_max: 1_500_000, price_micro: 220_000 }],
      },
      {
        rule: 'tokens',
        currency: 'USD',
        text_in_micro: 1_000_000,
        image_in_micro: 0,
        cached_in_micro: 50_000,
        out_micro: 5_000_000,
      },
    ];
    for (const price of prices) {
      const {
        text_in_micro = 0,
        image_in_micro = 0,
        cached_in_micro = 0,
        out_micro = 0,
      } = price ?? {};
      const priced = {
        ...model,
        own_price: price,
        text_in_micro,
        image_in_micro,
        cached_in_micro,
        out_micro,
      };
      expect(priceFault(priceDraft(priced))).toBe('');
      expect(draftPrice(priceDraft(priced))).toEqual(price);
    }
  });

  it('says what a price lacks', () => {
    const draft = priceDraft({ ...model, currency: 'USD', price_micro: -1 });
    expect(priceFault({ ...draft, rule: 'pictures' })).toBe('row');
    expect(priceFault({ ...draft, rule: 'pictures', currency: 'US' })).toBe('currency');
    expect(priceFault({ ...draft, rule: 'tokens' })).toBe('out');
    expect(priceFault({ ...draft, rule: 'percent', percent: null })).toBe('percent');
    const row = { quality: '', megapixels: null, price: 1 };
    expect(priceFault({ ...draft, rule: 'pictures', rows: [row, row] })).toBe('twice');
  });
});

describe('an account that the queue stopped', () => {
  const provider = { id: 'P1', is_paused: false, pause_reason: '' } as Provider;
  const lane = { id: 'P1', is_paused: true, reason: 'auth' };

  it('is shown as it runs, with the reason', () => {
    const queue = { providers: [lane] } as Queue;
    expect(asItRuns(provider, queue)).toMatchObject({ is_paused: true, pause_reason: 'auth' });
    expect(asItRuns({ ...provider, id: 'P2' }, queue).is_paused).toBe(false);
  });

  it('keeps the reason that a person gave', () => {
    const paused = { ...provider, is_paused: true, pause_reason: 'invoice' };
    expect(asItRuns(paused, { providers: [lane] } as Queue)).toBe(paused);
    expect(asItRuns(provider, undefined)).toBe(provider);
  });
});

describe('settings', () => {
  it('keeps the order of the server within groups', () => {
    const setting = (name: string, group: string) => ({ name, group }) as Setting;
    const groups = groupSettings([setting('a', 'x'), setting('b', 'y'), setting('c', 'x')]);
    expect(groups.map(([name, list]) => [name, list.map((one) => one.name)])).toEqual([
      ['x', ['a', 'c']],
      ['y', ['b']],
    ]);
  });

  it('names browsers', () => {
    expect(
      agentName('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36'),
    ).toBe('Chrome · Linux');
    expect(agentName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1')).toBe(
      'Safari · iOS',
    );
    expect(agentName('curl/8.5.0')).toBe('curl/8.5.0');
  });
});

describe('health', () => {
  const health = (day: number, week: number) =>
    ({ last_24h: { calls: day }, last_7d: { calls: week } }) as ProviderHealth;
  const names = (one: ProviderHealth) => healthWindows(one).map(({ name }) => name);

  it('shows the windows that say something', () => {
    expect(names(health(0, 0))).toEqual([]);
    expect(names(health(3, 3))).toEqual(['day']);
    expect(names(health(0, 3))).toEqual(['week']);
    expect(names(health(3, 9))).toEqual(['day', 'week']);
  });
});

describe('models in trouble', () => {
  const model = {
    name: 'm',
    capacity: 4,
    allowed: 4,
    breaker: 'closed',
    breaker_until: null,
    failures_in_row: 0,
    pause_until: null,
  } as QueueLane['models'][number];
  const now = Date.parse('2026-11-29T09:00:00Z');
  const before = '2026-11-29T08:59:00Z';
  const after = '2026-11-29T09:01:00Z';
  it.each([
    [[], {}],
    [['resting'], { pause_until: after }],
    [[], { pause_until: before }],
    [['learned'], { pause_until: before, allowed: 2 }],
    [['breaker'], { breaker: 'open', breaker_until: after, pause_until: after, allowed: 1 }],
    [['probe'], { breaker: 'open', breaker_until: before, failures_in_row: 5, allowed: 1 }],
    [['probe'], { breaker: 'half_open', failures_in_row: 5, allowed: 1 }],
    [['proving'], { breaker: 'half_open', failures_in_row: 0, allowed: 1 }],
  ] as const)('say %j', (said, change) => {
    const told = troubledModels({ models: [{ ...model, ...change }] }, now);
    expect(told.map((one) => one.said)).toEqual(said);
  });
  it('are none where there is no lane', () => expect(troubledModels(undefined, now)).toEqual([]));
});

describe('a file of providers', () => {
  it('is read as JSON, and refused by size before that', () => {
    expect(readProviderFile(2, '{}')).toEqual({});
    expect(() => readProviderFile(3, 'no!')).toThrow(expect.objectContaining({ code: 'not_json' }));
    expect(() => readProviderFile(21_000_000, '{}')).toThrow(
      expect.objectContaining({ code: 'too_big', limit: 20_971_520 }),
    );
  });

  it('says what there is to know of each', () => {
    const item = {
      id: null,
      name: 'A',
      as_name: 'A',
      kind: 'mock',
      is_renamed: false,
      needs_key: false,
      needs_private: false,
      is_enabled: true,
      model_count: 0,
      unread_workflows: 0,
    };
    expect(importNotes(item)).toEqual([]);
    expect(
      importNotes({
        ...item,
        is_renamed: true,
        needs_key: true,
        needs_private: true,
        unread_workflows: 2,
      }),
    ).toEqual(['renamed', 'needsKey', 'needsPrivate', 'unread']);
  });
});

describe('purposes', () => {
  const model = (change: Partial<Model>) =>
    ({
      can_generate: false,
      can_edit: false,
      can_write: false,
      can_see: false,
      references_max: 0,
      purposes: [] as string[],
      ...change,
    }) as Model;

  it('are what the model can do', () => {
    expect(purposesOf(model({ can_generate: true }))).toEqual(['image']);
    expect(purposesOf(model({ can_generate: true, references_max: 2 }))).toEqual(['image', 'edit']);
    expect(purposesOf(model({ can_write: true }))).toEqual(['text']);
    expect(purposesOf(model({ can_write: true, can_see: true }))).toEqual(['text', 'vision']);
  });

  it('grow by one that is chosen', () => {
    expect(withPurpose(model({ purposes: ['edit'] }), 'image')).toEqual({
      purposes: ['image', 'edit'],
      is_default: true,
    });
    expect(withPurpose(model({}), 'text')).toEqual({ purposes: ['text'], is_default: false });
  });
});

describe('settings are found', () => {
  const row = (name: string, label_en: string, label_zh: string, group: string) =>
    ({ name, label_en, label_zh, help_en: '', help_zh: '', group }) as Setting;
  const all = [
    row('trash.days', 'Keep trash', '回收站保留时间', 'storage'),
    row('log.level', 'Log level', '日志级别', 'server'),
    row('log.json', 'Log as JSON', '以 JSON 格式写日志', 'server'),
  ];
  const find = (words: string) =>
    findSettings(all, words, (group) => (group === 'storage' ? 'Storage' : 'Server')).map(
      ({ name }) => name,
    );

  it.each([
    ['', ['trash.days', 'log.level', 'log.json'], 'all without words'],
    ['TRASH', ['trash.days'], 'without regard to case'],
    ['日志', ['log.level', 'log.json'], 'in the other language'],
    ['log json', ['log.json'], 'by all words'],
    ['storage', ['trash.days'], 'by the title of their group'],
    ['log.level', ['log.level'], 'by the name in the file'],
    ['vitrine_log', ['log.level', 'log.json'], 'by the name of the variable'],
    ['moon', [], 'or not at all'],
  ])('%s', (words, names, why) => {
    expect(find(words), why).toEqual(names);
  });
});

describe('shareOf', () => {
  const key = (id: string, change: Partial<ProviderKey> = {}): ProviderKey => ({
    id,
    hint: '3f9a',
    weight: 1,
    is_enabled: true,
    is_lost: false,
    has_session_token: false,
    created_at: '2026-11-01T00:00:00Z',
    ...change,
  });

  it('divides among those that are used', () => {
    const keys = [
      key('a', { weight: 3 }),
      key('b'),
      key('c', { is_enabled: false }),
      key('d', { is_lost: true }),
      key('e'),
    ];
    const resting = new Map([['e', 'auth']]);
    expect(keys.map((one) => shareOf(one, keys, resting))).toEqual([0.75, 0.25, 0, 0, 0]);
  });
});
