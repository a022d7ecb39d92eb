import { describe, expect, it } from 'vitest';
import { createParser, type ServerEvent } from './sse';

function read(pieces: string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const feed = createParser((event) => events.push(event));
  for (const piece of pieces) feed(piece);
  return events;
}

const stream =
  ': hello\n\nid: e1-7\nevent: task.changed\ndata: {"a":1}\n\nevent: hello\r\ndata: one\r\ndata: two\r\n\r\n:\n\n';
const events = [
  { id: 'e1-7', kind: 'task.changed', data: '{"a":1}' },
  { id: '', kind: 'hello', data: 'one\ntwo' },
];

describe('event stream', () => {
  it('reads the same however it is cut', () => {
    expect(read([stream])).toEqual(events);
    expect(read([...stream])).toEqual(events);
    for (let cut = 1; cut < stream.length; cut++) {
      expect(read([stream.slice(0, cut), stream.slice(cut)])).toEqual(events);
    }
  });

  it('drops events without data and never carries an id over', () => {
    expect(read(['event: x\n\ndata: y\n\n'])).toEqual([{ id: '', kind: 'message', data: 'y' }]);
    expect(read(['id: 1\ndata: a\n\ndata: b\n\n']).map((event) => event.id)).toEqual(['1', '']);
  });

  it('keeps an unfinished event for later', () => {
    expect(read(['data: half'])).toEqual([]);
  });
});
