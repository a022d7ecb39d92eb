import { createParser } from './sse';

export type StreamState = 'connecting' | 'open' | 'lost' | 'signed_out';

export type LiveMessage =
  | { type: 'event'; kind: string; data: string }
  | { type: 'state'; state: StreamState; retryAt: number };

const silenceMs = 45_000;
const waitFirstMs = 1_000;
const waitMaxMs = 30_000;

/**
 * The one connection to the server's events: resumes after the last id seen, notices a dead line,
 * waits 1 s doubling to 30 s between tries. Runs in the SharedWorker, or in a page without one.
 */
export function createStream(emit: (message: LiveMessage) => void) {
  let lastId = '';
  let tries = 0;
  let abort: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = true;

  const say = (state: StreamState, retryAt = 0) => emit({ type: 'state', state, retryAt });

  const retry = () => {
    if (isStopped) return;
    const wait = Math.min(waitMaxMs, waitFirstMs * 2 ** tries) * (0.8 + Math.random() * 0.4);
    tries++;
    say('lost', Date.now() + wait);
    timer = setTimeout(() => void connect(), wait);
  };

  const connect = async () => {
    const own = new AbortController();
    abort = own;
    let watch: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => own.abort(), silenceMs);
    };
    if (tries === 0) say('connecting');
    try {
      alive();
      const response = await fetch('/api/v1/events', {
        headers: { Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) },
        cache: 'no-store',
        signal: own.signal,
      });
      if (response.status === 401) {
        isStopped = true;
        lastId = '';
        say('signed_out');
        return;
      }
      if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
      tries = 0;
      say('open');
      const feed = createParser((event) => {
        if (event.id) lastId = event.id;
        emit({ type: 'event', kind: event.kind, data: event.data });
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        alive();
        const { done, value } = await reader.read();
        if (done) break;
        feed(value);
      }
      retry();
    } catch {
      if (abort === own) retry();
    } finally {
      clearTimeout(watch);
    }
  };

  return {
    start() {
      if (!isStopped) return;
      isStopped = false;
      tries = 0;
      void connect();
    },
    /** Tries at once instead of waiting; the network came back. */
    hurry() {
      if (isStopped) {
        this.start();
        return;
      }
      if (timer === undefined || tries === 0) return;
      clearTimeout(timer);
      timer = undefined;
      // Still lost until it is there again: whoever waits for the line must not be let go on.
      tries = 1;
      say('lost', Date.now());
      void connect();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      const own = abort;
      abort = null;
      own?.abort();
    },
    /** Another person signed in: their events begin anew. */
    forget() {
      lastId = '';
    },
  };
}
