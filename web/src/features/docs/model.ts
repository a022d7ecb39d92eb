/** What of the OpenAPI document (printed by the server from its route tables) the reader shows. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  items?: Schema;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  writeOnly?: boolean;
}

type Content = Record<string, { schema?: Schema }>;

interface Method {
  summary: string;
  description?: string;
  tags: string[];
  parameters: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema: Schema;
  }[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
  security?: Record<string, unknown>[];
}

export interface ErrorCode {
  code: string;
  status: number;
  is_retried: boolean;
}

export interface Document {
  info: { title: string; version: string };
  paths: Record<string, Record<string, Method>>;
  components: { schemas: Record<string, Schema>; 'x-error-codes'?: ErrorCode[] };
}

/** A row of a table of fields. */
export interface FieldRow {
  name: string;
  type: string;
  /** "1–32000" characters, items or the number itself */
  bounds: string;
  isRequired: boolean;
  description: string;
  /** where the parameter stands: path, query, header; empty in a body */
  place: string;
  /** the fields of the object, or of each object in the list */
  fields: FieldRow[];
}

export interface Operation {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  isPublic: boolean;
  parameters: FieldRow[];
  bodyType: string;
  body: FieldRow[];
  replyType: string;
  reply: FieldRow[];
  example: string;
}

export interface Group {
  name: string;
  operations: Operation[];
}

const depthMax = 4;

function follow(document: Document, schema: Schema): { schema: Schema; name: string } {
  if (!schema.$ref) return { schema, name: '' };
  const name = schema.$ref.split('/').at(-1) ?? '';
  return {
    schema: { ...document.components.schemas[name], description: schema.description },
    name,
  };
}

/** `null` beside a schema says that a field may be empty, which its row shows as "?". */
function bare(schema: Schema): { schema: Schema; isNullable: boolean } {
  const others = schema.anyOf?.filter((one) => one.type !== 'null');
  if (schema.anyOf && others?.length === 1)
    return { schema: { ...others[0], description: schema.description }, isNullable: true };
  if (Array.isArray(schema.type) && schema.type.includes('null')) {
    const types = schema.type.filter((type) => type !== 'null');
    return { schema: { ...schema, type: types.length === 1 ? types[0] : types }, isNullable: true };
  }
  return { schema, isNullable: false };
}

function typeOf(document: Document, given: Schema): string {
  const { schema, isNullable } = bare(given);
  const mark = isNullable ? '?' : '';
  if (schema.$ref) return follow(document, schema).name + mark;
  if (schema.enum) return schema.enum.map(String).join(' | ') + mark;
  if (schema.type === 'array') return `${typeOf(document, schema.items ?? {})}[]${mark}`;
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(document, one)).join(' | ');
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'any');
  return (schema.format === 'date-time' ? 'time' : type) + mark;
}

function boundsOf(given: Schema): string {
  const { schema } = bare(given);
  const least = schema.minimum ?? schema.minLength ?? schema.minItems;
  const most = schema.maximum ?? schema.maxLength ?? schema.maxItems;
  if (most === undefined) return least ? `≥ ${least}` : '';
  return least === undefined ? `≤ ${most}` : `${least}–${most}`;
}

function rowsOf(document: Document, given: Schema | undefined, depth: number): FieldRow[] {
  if (!given || depth > depthMax) return [];
  const { schema } = follow(document, bare(given).schema);
  if (schema.type === 'array') return rowsOf(document, schema.items, depth);
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    type: typeOf(document, field),
    bounds: boundsOf(field),
    isRequired: required.has(name),
    description: field.description ?? '',
    place: '',
    fields: rowsOf(document, field, depth + 1),
  }));
}

function sample(name: string, given: Schema): unknown {
  const { schema } = bare(given);
  if (schema.enum) return schema.enum[0];
  if (name === 'prompt') return 'a ceramic mug on linen, morning light';
  switch (schema.type) {
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'object':
      return {};
    default:
      return schema.$ref ? {} : '…';
  }
}

function exampleOf(document: Document, operation: Operation, body: Schema | undefined): string {
  const lines = [`curl "$VITRINE${operation.path}"`];
  if (operation.method !== 'GET') lines[0] += ` -X ${operation.method}`;
  if (!operation.isPublic) lines.push('-H "Authorization: Bearer $TOKEN"');
  if (operation.bodyType === 'multipart/form-data') lines.push('-F file=@photo.jpg');
  if (operation.bodyType === 'application/json' && body) {
    const { schema } = follow(document, body);
    const fields = (schema.required ?? []).map((name) => [
      name,
      sample(name, schema.properties?.[name] ?? {}),
    ]);
    lines.push('-H "Content-Type: application/json"');
    lines.push(`-d '${JSON.stringify(Object.fromEntries(fields))}'`);
  }
  return lines.join(' \\\n  ');
}

function operationOf(document: Document, path: string, name: string, method: Method): Operation {
  const [bodyType = ''] = Object.keys(method.requestBody?.content ?? {});
  const body = method.requestBody?.content[bodyType]?.schema;
  const replyContent = method.responses['2XX']?.content ?? {};
  const [replyType = ''] = Object.keys(replyContent);
  const operation: Operation = {
    id: `${name}${path.replace(/[^a-z0-9]+/gi, '-')}`,
    method: name.toUpperCase(),
    path,
    summary: method.summary,
    description: method.description ?? '',
    isPublic: (method.security ?? []).length === 0,
    parameters: method.parameters.map((parameter) => ({
      name: parameter.name,
      type: typeOf(document, parameter.schema),
      bounds: boundsOf(parameter.schema),
      isRequired: parameter.required ?? false,
      description: parameter.description ?? '',
      place: parameter.in,
      fields: [],
    })),
    bodyType,
    body: bodyType === 'application/json' ? rowsOf(document, body, 1) : [],
    replyType,
    reply: rowsOf(document, replyContent[replyType]?.schema, 1),
    example: '',
  };
  return { ...operation, example: exampleOf(document, operation, body) };
}

export function groupsOf(document: Document): Group[] {
  const groups = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const [name, method] of Object.entries(methods)) {
      const tag = method.tags[0] ?? '';
      const operations = groups.get(tag) ?? [];
      operations.push(operationOf(document, path, name, method));
      groups.set(tag, operations);
    }
  return [...groups].map(([name, operations]) => ({ name, operations }));
}

/** The operations that have every word somewhere in what is read of them first. */
export function filterGroups(groups: Group[], words: string): Group[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (operation: Operation) => {
    const text = `${operation.method} ${operation.path} ${operation.summary}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  return groups
    .map((group) => ({ ...group, operations: group.operations.filter(fits) }))
    .filter((group) => group.operations.length > 0);
}

/** Codes that fit all words; the number of a status and what is said about a code count too. */
export function filterCodes(
  codes: readonly ErrorCode[],
  words: string,
  textOf: (code: string) => string,
): ErrorCode[] {
  const wanted = words.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return codes.filter(({ code, status }) => {
    const text = `${code} ${status} ${textOf(code)}`.toLocaleLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
