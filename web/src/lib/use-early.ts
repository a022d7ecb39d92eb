import { useEffect } from 'react';

const quietMs = 2000;

/** Loads what a key or a press opens while the page is quiet; whoever opens it before, waits for it. */
export function useEarly(load: () => Promise<unknown>) {
  useEffect(() => {
    const timer = setTimeout(() => load().catch(() => undefined), quietMs);
    return () => clearTimeout(timer);
  }, [load]);
}
