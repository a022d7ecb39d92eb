import { createParser } from './sse';

export type StreamState = 'connecting' | 'open' | 'lost' | 'signed_out';

/** `id`: its position; empty where it has none */
export interface LiveEvent {
  type: 'event';
  id: string;
  kind: string;
  data: string;
}

export type LiveMessage = LiveEvent | { type: 'state'; state: StreamState; retryAt: number };

const silenceMs = 45_000;
const waitFirstMs = 1_000;
const waitMaxMs = 30_000;

/**
 * The one connection to the server's events: resumes after the last id seen, notices a dead line,
 * waits 1 s doubling to 30 s between tries. Runs in the SharedWorker, or in a page without one.
 */
export function createStream(emit: (message: LiveMessage) => void) {
  let lastId = '';
  let isAnew = false; // it begins without a position, though somebody shows what was there before
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

  const forget = () => {
    lastId = '';
    isAnew = true;
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
        forget();
        say('signed_out');
        return;
      }
      if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
      tries = 0;
      say('open');
      const feed = createParser((event) => {
        if (event.id) lastId = event.id;
        emit({ type: 'event', ...event });
        if (event.kind !== 'hello' || !isAnew) return;
        isAnew = false;
        emit({ type: 'event', id: event.id, kind: 'reset', data: '{}' });
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
    /** `after`: the position of what is shown already; empty: it is not known. */
    start(after = '') {
      if (!isStopped) return;
      isStopped = false;
      if (!isAnew) {
        lastId = after;
        isAnew = after === '';
      }
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
    /** Whoever starts it again says from where: it may be somebody else. */
    stop() {
      isStopped = true;
      clearTimeout(timer);
      const own = abort;
      abort = null;
      own?.abort();
    },
    /** Somebody signed in: their events begin anew, and what is shown is asked for again. */
    forget,
  };
}
