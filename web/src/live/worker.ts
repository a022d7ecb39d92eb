/// <reference lib="webworker" />
import { createRecord } from './record';
import { createStream, type LiveMessage } from './stream';

/** What a tab says: `here` also when it goes on, with the position of what it shows. */
export interface TabWord {
  word: 'here' | 'hurry' | 'forget' | 'leave';
  after: string;
}

/** One stream for all tabs: browsers open six connections per origin, and a tab must not cost one. */
declare const self: SharedWorkerGlobalScope;

const ports = new Map<MessagePort, number>();
let state: LiveMessage = { type: 'state', state: 'connecting', retryAt: 0 };
/** what the server said of itself; a tab that comes later hears it too */
let hello: LiveMessage | null = null;
/** what a tab that comes later has missed */
const record = createRecord();

const stream = createStream((message) => {
  if (message.type === 'state') {
    state = message;
    if (message.state === 'signed_out') record.forget();
  } else {
    if (message.kind === 'hello') hello = message;
    record.add(message);
  }
  for (const port of ports.keys()) port.postMessage(message);
});

/** Nobody listens: who comes next may be somebody else. */
function rest() {
  stream.stop();
  record.forget();
}

// A closed tab says nothing: each one calls every 20 s, the silent are dropped.
setInterval(() => {
  const now = Date.now();
  for (const [port, seen] of ports) if (now - seen > 70_000) ports.delete(port);
  if (ports.size === 0) rest();
}, 20_000);

self.onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  port.onmessage = ({ data: { word, after } }: MessageEvent<TabWord>) => {
    if (word === 'leave') {
      ports.delete(port);
      if (ports.size === 0) rest();
      return;
    }
    const isNew = !ports.has(port);
    ports.set(port, Date.now());
    if (isNew) {
      port.postMessage(state);
      if (hello) port.postMessage(hello);
      for (const missed of record.since(after)) port.postMessage(missed);
    }
    if (word === 'forget') {
      stream.stop();
      stream.forget();
      record.forget();
      stream.start();
    } else if (word === 'hurry') stream.hurry();
    else if (isNew) {
      record.begin(after);
      stream.start(after);
    }
  };
};
