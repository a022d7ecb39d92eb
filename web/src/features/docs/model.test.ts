import { describe, expect, test } from 'vitest';
import { type Document, filterCodes, filterGroups, groupsOf, type Schema } from './model';

function documentOf(body: Schema, schemas: Record<string, Schema> = {}): Document {
  return {
    info: { title: 'vitrine', version: '1' },
    paths: {
      '/api/v1/cups/{id}': {
        put: {
          summary: 'Change a cup',
          tags: ['cups'],
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          requestBody: { content: { 'application/json': { schema: body } } },
          responses: { '2XX': { content: { 'application/json': { schema: body } } } },
          security: [{ bearer: [] }],
        },
        get: { summary: 'One cup', tags: ['cups'], parameters: [], responses: {}, security: [] },
      },
      '/api/v1/plates': {
        get: { summary: 'All plates', tags: ['plates'], parameters: [], responses: {} },
      },
    },
    components: { schemas },
  };
}

const first = (document: Document) => {
  const operation = groupsOf(document)[0]?.operations[0];
  if (!operation) throw new Error('no operation');
  return operation;
};

describe('rows of fields', () => {
  test.each<[string, Schema, string, string]>([
    ['text with bounds', { type: 'string', minLength: 1, maxLength: 80 }, 'string', '1–80'],
    ['text with a limit', { type: 'string', maxLength: 80 }, 'string', '≤ 80'],
    ['a number from 0', { type: 'integer', minimum: 0 }, 'integer', ''],
    ['a time that may be empty', { type: ['string', 'null'], format: 'date-time' }, 'time?', ''],
    ['words', { type: 'string', enum: ['a', 'b'] }, 'a | b', ''],
    ['a list', { type: 'array', items: { type: 'string' }, maxItems: 5 }, 'string[]', '≤ 5'],
    ['another shape', { $ref: '#/components/schemas/Lid' }, 'Lid', ''],
    [
      'another shape or nothing',
      { anyOf: [{ $ref: '#/components/schemas/Lid' }, { type: 'null' }] },
      'Lid?',
      '',
    ],
    ['anything', {}, 'any', ''],
  ])('%s', (_, schema, type, bounds) => {
    const { body } = first(
      documentOf(
        { type: 'object', properties: { x: schema }, required: ['x'] },
        { Lid: { type: 'object', properties: { size: { type: 'integer' } } } },
      ),
    );
    expect(body[0]).toMatchObject({ name: 'x', type, bounds, isRequired: true });
    expect(body[0]?.fields.map((row) => row.name)).toEqual(type.startsWith('Lid') ? ['size'] : []);
  });

  test('a shape within itself ends', () => {
    const document = documentOf(
      { $ref: '#/components/schemas/Cup' },
      { Cup: { type: 'object', properties: { inner: { $ref: '#/components/schemas/Cup' } } } },
    );
    expect(first(document).body[0]?.fields[0]?.fields[0]?.fields[0]?.fields).toEqual([]);
  });
});

test('an example sends the token and what is required', () => {
  const { example } = first(
    documentOf({
      type: 'object',
      required: ['prompt', 'n', 'is_big', 'kind'],
      properties: {
        prompt: { type: 'string' },
        n: { type: 'integer', minimum: 2 },
        is_big: { type: 'boolean' },
        kind: { type: 'string', enum: ['mug', 'cup'] },
        note: { type: 'string' },
      },
    }),
  );
  expect(example).toContain('curl "$VITRINE/api/v1/cups/{id}" -X PUT');
  expect(example).toContain('Bearer $TOKEN');
  expect(JSON.parse(example.slice(example.indexOf("-d '") + 4, -1))).toEqual({
    prompt: 'a ceramic mug on linen, morning light',
    n: 2,
    is_big: true,
    kind: 'mug',
  });
});

test('groups follow the tags, and a search leaves what has every word', () => {
  const groups = groupsOf(documentOf({}));
  expect(groups.map((group) => [group.name, group.operations.length])).toEqual([
    ['cups', 2],
    ['plates', 1],
  ]);
  expect(groups[0]?.operations[1]?.isPublic).toBe(true);
  expect(filterGroups(groups, 'PUT cups')[0]?.operations.map((one) => one.summary)).toEqual([
    'Change a cup',
  ]);
  expect(filterGroups(groups, 'saucer')).toEqual([]);
  expect(filterGroups(groups, ' ')).toEqual(groups);
});

describe('codes', () => {
  const codes = [
    { code: 'not_found', status: 404, is_retried: false },
    { code: 'unreachable', status: 502, is_retried: true },
  ];
  const find = (words: string) =>
    filterCodes(codes, words, (code) => (code === 'unreachable' ? '连接 connection' : '')).map(
      ({ code }) => code,
    );

  test('are found by name, status and what is said about them', () => {
    expect(find('')).toEqual(['not_found', 'unreachable']);
    expect(find('found 404')).toEqual(['not_found']);
    expect(find('Connection')).toEqual(['unreachable']);
    expect(find('连接')).toEqual(['unreachable']);
    expect(find('500')).toEqual([]);
  });
});
