import { create } from 'zustand';
import { isKnown } from './record';
import { createStream, type LiveMessage, type StreamState } from './stream';
import type { TabWord } from './worker';

interface Connection {
  state: StreamState;
  retryAt: number;
  /** when the line was lost; 0 while it holds */
  lostAt: number;
  hasOpened: boolean;
  /** the server's version; empty before its first word */
  build: string;
  /** it is another one than this page met first */
  isNewVersion: boolean;
}

export const useConnection = create<Connection>(() => ({
  state: 'connecting',
  retryAt: 0,
  lostAt: 0,
  hasOpened: false,
  build: '',
  isNewVersion: false,
}));

let say: (word: 'hurry' | 'forget') => void = () => {};
/** the last event that this page knows */
let position = '';

function follow(message: LiveMessage & { type: 'state' }) {
  useConnection.setState((before) => ({
    state: message.state,
    retryAt: message.retryAt,
    lostAt: message.state === 'lost' ? before.lostAt || Date.now() : 0,
    hasOpened: before.hasOpened || message.state === 'open',
  }));
}

function greet(data: unknown) {
  const told = (data as { build?: string }).build ?? '';
  if (!told) return;
  useConnection.setState(({ build, isNewVersion }) => ({
    build: told,
    isNewVersion: isNewVersion || (build !== '' && build !== told),
  }));
}

/**
 * Joins the shared stream, or opens one of this tab's own; returns the way to leave.  `shown`: the
 * position of what the page shows, so that what came since then is told.
 */
export function connectLive(
  shown: string,
  onEvent: (kind: string, data: unknown) => void,
): () => void {
  position ||= shown;
  const take = (message: LiveMessage) => {
    if (message.type === 'state') {
      follow(message);
      return;
    }
    if (message.kind === 'hello') position ||= message.id;
    else {
      if (message.kind !== 'reset' && isKnown(message.id, position)) return;
      position = message.id || position;
    }
    try {
      const data = JSON.parse(message.data);
      if (message.kind === 'hello') greet(data);
      else onEvent(message.kind, data);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  };
  const hurry = () => say('hurry');
  window.addEventListener('online', hurry);

  if ('SharedWorker' in window) {
    const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), {
      type: 'module',
      name: 'vitrine-live',
    });
    worker.port.onmessage = ({ data }: MessageEvent<LiveMessage>) => take(data);
    worker.port.start();
    const post = (word: TabWord['word']) =>
      worker.port.postMessage({ word, after: position } satisfies TabWord);
    const come = () => post('here');
    const leave = () => post('leave');
    come();
    const beat = setInterval(come, 20_000);
    window.addEventListener('pagehide', leave);
    window.addEventListener('pageshow', come);
    say = post;
    return () => {
      clearInterval(beat);
      leave();
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('pageshow', come);
      window.removeEventListener('online', hurry);
      say = () => {};
      position = '';
    };
  }

  const stream = createStream(take);
  let hideTimer: ReturnType<typeof setTimeout> | undefined;
  const onVisibility = () => {
    clearTimeout(hideTimer);
    if (document.hidden) hideTimer = setTimeout(() => stream.stop(), 30_000);
    else stream.start(position);
  };
  document.addEventListener('visibilitychange', onVisibility);
  stream.start(position);
  say = (word) => {
    if (word === 'hurry') stream.hurry();
    else {
      stream.stop();
      stream.forget();
      stream.start();
    }
  };
  return () => {
    clearTimeout(hideTimer);
    stream.stop();
    document.removeEventListener('visibilitychange', onVisibility);
    window.removeEventListener('online', hurry);
    say = () => {};
    position = '';
  };
}

export function retryNow() {
  say('hurry');
}

/** After a login: the stream starts anew as the person who signed in. */
export function restartLive() {
  say('forget');
}
