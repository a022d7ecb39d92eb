import { describe, expect, it } from 'vitest';
import { createRecord, isKnown } from './record';
import type { LiveEvent } from './stream';

const event = (seq: number, kind = 'run.changed', data = `${seq}`): LiveEvent => ({
  type: 'event',
  id: `E-${seq}`,
  kind,
  data,
});
const told = (events: LiveEvent[]) =>
  events.map(({ kind, id }) => (kind === 'reset' ? `reset ${id}` : id));

function recordOf(begin: number, end: number) {
  const record = createRecord();
  record.add(event(begin, 'hello'));
  for (let seq = begin + 1; seq <= end; seq++) record.add(event(seq));
  return record;
}

describe('what is known', () => {
  it.each([
    ['E-5', 'E-5', true],
    ['E-4', 'E-5', true],
    ['E-6', 'E-5', false],
    ['E-10', 'E-9', false], // numbers, and not letters
    ['F-1', 'E-5', false], // another epoch: a restored database
    ['', 'E-5', false], // progress
    ['E-5', '', false],
    ['E-x', 'E-5', false],
    ['a-b-3', 'a-b-4', true], // an epoch may hold a dash
  ])('%s at %s: %s', (id, position, expected) => expect(isKnown(id, position)).toBe(expected));
});

describe('the record of the stream', () => {
  it('tells who comes late what came since, in its order', () => {
    const record = recordOf(10, 13);
    expect(told(record.since('E-10'))).toEqual(['E-11', 'E-12', 'E-13']);
    expect(told(record.since('E-12'))).toEqual(['E-13']);
    expect(record.since('E-13')).toEqual([]);
    expect(record.since('E-14')).toEqual([]); // the answer came before its event did
  });

  it.each(['E-9', 'F-12', ''])('does not guess what %s has missed', (after) => {
    expect(told(recordOf(10, 13).since(after))).toEqual(['reset E-13']);
    expect(told(recordOf(10, 10).since(after))).toEqual(['reset E-10']);
  });

  it('is silent while nobody knows where the stream begins', () => {
    expect(createRecord().since('E-3')).toEqual([]);
  });

  it('knows before the stream has answered what it will not tell', () => {
    const record = createRecord();
    record.begin('E-20'); // one tab has opened it from there
    expect(told(record.since('E-15'))).toEqual(['reset E-20']);
    expect(record.since('E-20')).toEqual([]);
    record.begin('E-15');
    record.add(event(20, 'hello'));
    record.add(event(21));
    expect(told(record.since('E-20'))).toEqual(['E-21']);
    expect(told(record.since('E-15'))).toEqual(['reset E-21']);
  });

  it('holds 200 events and 256 KiB, and knows what it let go', () => {
    expect(told(recordOf(0, 205).since('E-4'))).toEqual(['reset E-205']);
    expect(recordOf(0, 205).since('E-5')).toHaveLength(200);
    const wide = recordOf(0, 0);
    for (let seq = 1; seq <= 5; seq++) wide.add(event(seq, 'run.changed', 'x'.repeat(64 * 1024)));
    expect(told(wide.since('E-0'))).toEqual(['reset E-5']);
    expect(told(wide.since('E-1'))).toEqual(['E-2', 'E-3', 'E-4', 'E-5']);
  });

  it('begins anew with a reset, goes on after a hello, and forgets', () => {
    const record = recordOf(10, 13);
    record.add(event(13, 'hello')); // the line was cut and is back
    record.add({ ...event(0), id: '' });
    expect(told(record.since('E-11'))).toEqual(['E-12', 'E-13']);
    record.add(event(90, 'reset'));
    record.add(event(91));
    expect(told(record.since('E-13'))).toEqual(['reset E-91']);
    expect(told(record.since('E-90'))).toEqual(['E-91']);
    record.forget();
    expect(record.since('E-1')).toEqual([]);
  });
});
