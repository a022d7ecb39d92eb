import { useEffect, useState, useSyncExternalStore } from 'react';

/** One clock for all who need it: they are drawn together, once a second. */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function tick() {
  now = Date.now();
  for (const listener of listeners) listener();
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    timer = setInterval(tick, 1000);
    now = Date.now();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

const dont = () => () => {};
/** Between two ticks it is the same for all; after a while without a listener it is read anew. */
function readNow(): number {
  if (listeners.size === 0 && Date.now() - now > 1000) now = Date.now();
  return now;
}

/** The time, renewed each second while something needs it. */
export function useNow(isNeeded: boolean): number {
  return useSyncExternalStore(isNeeded ? listen : dont, readNow);
}

/** A value after it has rested. */
export function useRested<T>(value: T, ms: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return rested;
}
