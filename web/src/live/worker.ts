/// <reference lib="webworker" />
import { createStream, type LiveMessage } from './stream';

/** One stream for all tabs: browsers open six connections per origin, and a tab must not cost one. */
declare const self: SharedWorkerGlobalScope;

const ports = new Map<MessagePort, number>();
let state: LiveMessage = { type: 'state', state: 'connecting', retryAt: 0 };
/** what the server said of itself; a tab that comes later hears it too */
let hello: LiveMessage | null = null;

const stream = createStream((message) => {
  if (message.type === 'state') state = message;
  else if (message.kind === 'hello') hello = message;
  for (const port of ports.keys()) port.postMessage(message);
});

// A closed tab says nothing: each one calls every 20 s, the silent are dropped.
setInterval(() => {
  const now = Date.now();
  for (const [port, seen] of ports) if (now - seen > 70_000) ports.delete(port);
  if (ports.size === 0) stream.stop();
}, 20_000);

self.onconnect = (event) => {
  const port = event.ports[0];
  if (!port) return;
  port.onmessage = ({ data }: MessageEvent<'here' | 'hurry' | 'forget' | 'leave'>) => {
    if (data === 'leave') {
      ports.delete(port);
      if (ports.size === 0) stream.stop();
      return;
    }
    const isNew = !ports.has(port);
    ports.set(port, Date.now());
    if (isNew) {
      port.postMessage(state);
      if (hello) port.postMessage(hello);
    }
    if (data === 'forget') {
      stream.stop();
      stream.forget();
      stream.start();
    } else if (data === 'hurry') stream.hurry();
    else if (isNew) stream.start();
  };
};
