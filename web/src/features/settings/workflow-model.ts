import { ApiError } from '~/api/errors';
import type { Workflow, WorkflowSpot } from '~/api/types';

/** An input of the graph that one of a call's values is put into. */
export interface Declared {
  name: string;
  node: string;
  input: string;
}

/** A workflow of an account's own, as its options keep it. */
export interface OwnWorkflow {
  id: string;
  name?: string;
  graph: string;
  /** not said: what is found in it counts, or its placeholders */
  parameters?: Declared[];
}

export const workflowsMax = 12;
export const workflowNameMax = 60;
/** As many bytes as the server reads of one. */
export const workflowSizeMax = 100_000;
/** And of all that an account has. */
export const workflowsSizeMax = 400_000;

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

/** What a call may set, in the order in which it is shown, and what may stand there. */
const typeOf = {
  prompt: 'text',
  negative: 'text',
  image: 'picture',
  mask: 'picture',
  model: 'text',
  seed: 'number',
  width: 'number',
  height: 'number',
  count: 'number',
  steps: 'number',
  cfg: 'number',
  sampler: 'text',
  scheduler: 'text',
  denoise: 'number',
} as const;
export type Parameter = keyof typeof typeOf;
const parameters = Object.keys(typeOf) as Parameter[];

const tooBig = (limit: number) => new ApiError(0, { code: 'too_big', limit });

/** A file's text when it can be one; the server says the rest. */
export function readWorkflow(text: string): string {
  if (bytesOf(text) > workflowSizeMax) throw tooBig(workflowSizeMax);
  let graph: unknown;
  try {
    graph = JSON.parse(text);
  } catch {
    throw new ApiError(0, { code: 'not_json' });
  }
  if (graph && typeof graph === 'object' && 'nodes' in graph && Array.isArray(graph.nodes)) {
    throw new ApiError(0, { code: 'workflow_of_editor' });
  }
  return text;
}

/** The same of a file, which may be a film that nobody wants in memory. */
export async function readWorkflowFile(file: File): Promise<string> {
  if (file.size > workflowSizeMax) throw tooBig(workflowSizeMax);
  return readWorkflow(await file.text());
}

/** Why one more has no room beside these; null: it has. */
export function noRoomFor(graph: string, among: readonly { graph: string }[]): ApiError | null {
  if (among.length >= workflowsMax) {
    return new ApiError(0, { code: 'too_many', limit: workflowsMax });
  }
  const together = among.reduce((sum, one) => sum + bytesOf(one.graph), bytesOf(graph));
  return together > workflowsSizeMax ? tooBig(workflowsSizeMax) : null;
}

/** "My flow (2).json" as a name that nobody has. */
export function workflowName(file: string, taken: readonly OwnWorkflow[]): string {
  // By characters, as the server counts: half of one would stand for nothing.
  const base = [...file.replace(/\.json$/i, '').trim()].slice(0, workflowNameMax - 4).join('');
  const has = (name: string) =>
    taken.some((one) => (one.name || one.id).toLowerCase() === name.toLowerCase());
  let name = base;
  for (let count = 2; has(name); count++) name = `${base} ${count}`;
  return name;
}

/** Ids of the workflows that come with the server; it gives them to no other (comfyui_templates.c). */
export const workflowsBuiltIn = ['txt2img', 'img2img', 'inpaint', 'flux'];

/** The model's id: of the name what may stand in one, if that says anything. It stays when the name changes. */
export function workflowId(name: string, taken: readonly string[]): string {
  const said = name
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .toLowerCase()
    .slice(0, 50);
  // Of "产品图 2" a number would be left.
  const base = /[a-z]/.test(said) ? said : 'workflow';
  const others = [...workflowsBuiltIn, ...taken.map((one) => one.toLowerCase())];
  let id = base;
  for (let count = 2; others.includes(id); count++) id = `${base}-${count}`;
  return id;
}

/** What the server could read, and the file it came from. */
export interface ReadWorkflow extends Pick<OwnWorkflow, 'graph' | 'parameters'> {
  file: string;
}

/** The list with these behind, in their order, each with a name and an id of its own. */
export function withNew(
  now: readonly OwnWorkflow[],
  read: readonly ReadWorkflow[],
  unnamed: string,
): OwnWorkflow[] {
  const list = [...now];
  for (const { file, ...workflow } of read) {
    const name = workflowName(file || unnamed, list);
    const ids = list.map((one) => one.id);
    list.push({ id: workflowId(name, ids), name, ...workflow });
  }
  return list;
}

/** One line of the form: a parameter, where it goes, and whether it does. */
export interface ParameterRow extends Declared {
  name: Parameter;
  isOn: boolean;
}

const spotKey = (spot: { node: string; input: string }) => `${spot.node}\n${spot.input}`;

/** What was declared, then what was found beside it; without a declaration all that was found is on. */
export function rowsOf(workflow: OwnWorkflow, seen: Workflow): ParameterRow[] {
  const found = seen.parameters.map(({ parameter, node, input }) => ({
    name: parameter as Parameter,
    node,
    input,
  }));
  const declared = (workflow.parameters ?? found) as (Declared & { name: Parameter })[];
  const others = found.filter(
    (one) => !declared.some((other) => other.name === one.name && spotKey(other) === spotKey(one)),
  );
  const rows = [
    ...declared.map((one) => ({ ...one, isOn: true })),
    // A parameter that was pointed elsewhere is not offered again where it was found.
    ...others
      .filter((one) => !declared.some((other) => other.name === one.name))
      .map((one) => ({ ...one, isOn: false })),
  ];
  return parameters.flatMap((name) => rows.filter((row) => row.name === name));
}

export function declaredOf(rows: readonly ParameterRow[]): Declared[] {
  return rows.filter((row) => row.isOn).map(({ name, node, input }) => ({ name, node, input }));
}

/** The inputs that a parameter can be put into. */
export function spotsFor(name: Parameter, seen: Workflow): WorkflowSpot[] {
  return seen.inputs.filter((spot) => spot.type === typeOf[name]);
}

/** A picture and the mask in its alpha are one input; two other parameters are not. */
export function isTaken(rows: readonly ParameterRow[], at: number, spot: WorkflowSpot): boolean {
  const isMask = (row: ParameterRow | undefined) => row?.name === 'mask';
  return rows.some(
    (row, index) =>
      index !== at &&
      row.isOn &&
      spotKey(row) === spotKey(spot) &&
      isMask(row) === isMask(rows[at]),
  );
}

/** Parameters that have no row yet and somewhere to go; of pictures there may be more. */
export function addable(rows: readonly ParameterRow[], seen: Workflow): Parameter[] {
  const free = (name: Parameter) =>
    spotsFor(name, seen).some(
      (spot) => !isTaken([...rows, { name, node: '', input: '', isOn: true }], rows.length, spot),
    );
  return parameters.filter(
    (name) => (name === 'image' || !rows.some((row) => row.name === name)) && free(name),
  );
}

/** The new row, at the first input that nothing takes; behind those of the same parameter. */
export function withRow(
  rows: readonly ParameterRow[],
  name: Parameter,
  seen: Workflow,
): ParameterRow[] {
  const blank = { name, node: '', input: '', isOn: true };
  const spot = spotsFor(name, seen).find((one) => !isTaken([...rows, blank], rows.length, one));
  if (!spot) return [...rows];
  const next = [...rows, { ...blank, node: spot.node, input: spot.input }];
  return parameters.flatMap((one) => next.filter((row) => row.name === one));
}

/** "options.workflows[2].graph": which of them an error speaks of; -1: none. */
export function workflowAt(field: string): number {
  const at = /^options\.workflows\[(\d+)\]/.exec(field)?.[1];
  return at === undefined ? -1 : Number(at);
}
