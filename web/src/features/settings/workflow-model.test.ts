import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApiError } from '~/api/errors';
import type { Workflow, WorkflowSpot } from '~/api/types';
import {
  addable,
  declaredOf,
  isTaken,
  noRoomFor,
  readWorkflow,
  rowsOf,
  spotsFor,
  withRow,
  workflowAt,
  workflowId,
  workflowName,
  workflowSizeMax,
  workflowsBuiltIn,
} from './workflow-model';

const spot = (node: string, input: string, more: Partial<WorkflowSpot> = {}): WorkflowSpot => ({
  parameter: '',
  node,
  title: '',
  class: 'A',
  input,
  type: 'text',
  value: '',
  ...more,
});
const seen: Workflow = {
  is_marked: false,
  node_count: 4,
  parameters: [
    spot('6', 'text', { parameter: 'prompt' }),
    spot('3', 'seed', { parameter: 'seed', type: 'number' }),
    spot('20', 'image', { parameter: 'image', type: 'picture' }),
    spot('20', 'image', { parameter: 'mask', type: 'picture' }),
  ],
  inputs: [
    spot('6', 'text'),
    spot('7', 'text'),
    spot('3', 'seed', { type: 'number' }),
    spot('3', 'steps', { type: 'number' }),
    spot('20', 'image', { type: 'picture' }),
  ],
  notes: [],
};
const flow = { id: 'flow', graph: '{}' };

const codeOf = (text: string) => {
  try {
    readWorkflow(text);
  } catch (error) {
    return error instanceof ApiError ? error.code : 'other';
  }
  return '';
};

describe('a file', () => {
  it('is refused when it is no JSON, the file of the editor, or too large', () => {
    expect(codeOf('{"3":{"class_type":"A","inputs":{}}}')).toBe('');
    expect(codeOf('{')).toBe('not_json');
    expect(codeOf('{"nodes":[],"links":[],"version":0.4}')).toBe('workflow_of_editor');
    expect(codeOf(`"${'字'.repeat(workflowSizeMax / 3)}"`)).toBe('too_big');
    expect(codeOf('{"nodes":{"class_type":"A","inputs":{}}}')).toBe(''); // a node of that name
  });

  it('is added while there is room for its bytes and for one more', () => {
    const of = (...sizes: number[]) => sizes.map((size) => ({ graph: 'x'.repeat(size) }));
    const code = (graph: string, among: { graph: string }[]) => noRoomFor(graph, among)?.code ?? '';
    expect(code('字', of(100_000, 100_000, 100_000, 99_997))).toBe('');
    expect(code('字', of(100_000, 100_000, 100_000, 99_998))).toBe('too_big');
    expect(code('x', of(...Array<number>(11).fill(1)))).toBe('');
    expect(code('x', of(...Array<number>(12).fill(1)))).toBe('too_many');
  });

  it('gives a name that nobody has, and an id that stays', () => {
    const taken = [
      { ...flow, name: 'Flux dev' },
      { ...flow, id: 'b' },
    ];
    expect(workflowName('Flux DEV.json', taken)).toBe('Flux DEV 2');
    expect(workflowName('b.JSON', taken)).toBe('b 2');
    expect(workflowName('x'.repeat(200), taken)).toHaveLength(56);
    // No half of a pair is left at the end.
    expect(workflowName(`x${'🏮'.repeat(200)}`, taken)).toBe(`x${'🏮'.repeat(55)}`);
    expect(workflowId('Flux dev (2)', [])).toBe('flux-dev-2');
    expect(workflowId('产品图', [])).toBe('workflow');
    expect(workflowId('产品图 3', ['Workflow'])).toBe('workflow-2');
  });

  it('gets no id of a workflow that comes with the server', () => {
    const table = readFileSync(
      join(import.meta.dirname, '../../../../src/provider/comfyui_templates.c'),
      'utf8',
    );
    const names = [...table.matchAll(/\.name = "([^"]+)",\s*\.graph =/g)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(0);
    expect(workflowsBuiltIn).toEqual(names);
    expect(workflowId('FLUX', [])).toBe('flux-2');
    expect(workflowId('flux', ['Flux-2'])).toBe('flux-3');
    expect(workflowId('Inpaint', [])).toBe('inpaint-2');
  });
});

describe('the parameters', () => {
  it('are those that were found, or declared with what was found beside them off', () => {
    expect(rowsOf(flow, seen).map(({ name, isOn }) => [name, isOn])).toEqual([
      ['prompt', true],
      ['image', true],
      ['mask', true],
      ['seed', true],
    ]);
    const moved = { ...flow, parameters: [{ name: 'prompt', node: '7', input: 'text' }] };
    const rows = rowsOf(moved, seen);
    expect(rows.map(({ name, node, isOn }) => [name, node, isOn])).toEqual([
      ['prompt', '7', true], // and not once more where it was found
      ['image', '20', false],
      ['mask', '20', false],
      ['seed', '3', false],
    ]);
    expect(declaredOf(rows)).toEqual(moved.parameters);
  });

  it('go to inputs of their type that nothing takes; a mask may share its picture', () => {
    const rows = rowsOf(flow, seen);
    const [text, other, , , picture] = seen.inputs as [
      WorkflowSpot,
      WorkflowSpot,
      WorkflowSpot,
      WorkflowSpot,
      WorkflowSpot,
    ];
    expect(spotsFor('prompt', seen)).toEqual([text, other]);
    expect(isTaken(rows, 1, text)).toBe(true);
    expect(isTaken(rows, 0, text)).toBe(false);
    expect(isTaken(rows, 0, other)).toBe(false);
    expect(isTaken(rows, 2, picture)).toBe(false);
    const off = rows.map((row) => ({ ...row, isOn: false }));
    expect(isTaken(off, 1, text)).toBe(false);
  });

  it('that are missing can be added where there is room', () => {
    const rows = rowsOf(flow, seen);
    expect(addable(rows, seen)).toContain('steps');
    expect(addable(rows, seen)).not.toContain('prompt'); // it is there
    expect(addable(rows, seen)).not.toContain('image'); // no other input loads one
    expect(withRow(rows, 'negative', seen)[1]).toEqual({
      name: 'negative',
      node: '7',
      input: 'text',
      isOn: true,
    });
    expect(withRow(rows, 'image', seen)).toEqual(rows);
  });
});

describe('an error', () => {
  it('speaks of one of several', () => {
    expect(workflowAt('options.workflows[2].parameters[0].input')).toBe(2);
    expect(workflowAt('options.workflows')).toBe(-1);
    expect(workflowAt('name')).toBe(-1);
  });
});
