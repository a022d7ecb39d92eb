import type { LiveEvent } from './stream';

const keptMax = 200; // as many as the server gives to who comes again
const keptCharsMax = 256 * 1024;

/** "EPOCH-SEQ" in its parts; null: none, or not one of the server's. */
function parse(id: string) {
  const dash = id.lastIndexOf('-');
  const seq = Number(id.slice(dash + 1));
  return dash > 0 && Number.isSafeInteger(seq) ? { epoch: id.slice(0, dash), seq } : null;
}

/** Whether who stands at `position` knows the event already. */
export function isKnown(id: string, position: string): boolean {
  const event = parse(id);
  const at = parse(position);
  return event !== null && at?.epoch === event.epoch && event.seq <= at.seq;
}

/**
 * The last events of the stream, so that who joins it late is told what came since it asked the
 * server for what it shows; or, where that is not known, to ask for everything anew.
 */
export function createRecord() {
  let from = ''; // everything behind this is kept; '' while it is not known where the stream begins
  let kept: LiveEvent[] = [];
  let chars = 0;

  return {
    /** The stream is asked for from there on, and has not answered yet. */
    begin(after: string) {
      from ||= after;
    },

    add(event: LiveEvent) {
      if (!event.id) return; // progress: it is not told again
      if (event.kind === 'hello') {
        from ||= event.id;
        return;
      }
      if (event.kind === 'reset') {
        from = event.id;
        kept = [];
        chars = 0;
        return;
      }
      kept.push(event);
      chars += event.data.length;
      while (kept.length > keptMax || chars > keptCharsMax) {
        const oldest = kept.shift();
        if (!oldest) break;
        chars -= oldest.data.length;
        from = oldest.id;
      }
    },

    /** What who stands at `after` has missed. */
    since(after: string): LiveEvent[] {
      if (!from) return []; // the stream has not begun: they will hear all of it
      if (!isKnown(from, after))
        return [{ type: 'event', id: kept.at(-1)?.id ?? from, kind: 'reset', data: '{}' }];
      return kept.filter(({ id }) => !isKnown(id, after));
    },

    forget() {
      from = '';
      kept = [];
      chars = 0;
    },
  };
}
