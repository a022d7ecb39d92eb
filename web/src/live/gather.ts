/**
 * Hands on what comes: at once, or all of it together when `waitMs` says that the page has had enough time since the
 * last; it is asked with the milliseconds since then, and again when what it said is over.
 */
export function createGatherer<T>(
  waitMs: (sinceMs: number) => number,
  take: (items: readonly T[]) => void,
) {
  let items: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let handedAt = Number.NEGATIVE_INFINITY;
  const hand = () => {
    const left = waitMs(performance.now() - handedAt);
    timer = left > 0 ? setTimeout(hand, left) : undefined;
    if (timer !== undefined) return;
    const handed = items;
    items = [];
    handedAt = performance.now();
    take(handed);
  };
  return {
    put(item: T) {
      items.push(item);
      if (timer === undefined) hand();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      items = [];
    },
  };
}

const leastMs = 200;
const mostMs = 1000;
/** What was drawn for events takes at most one part of so many of a page's time. */
const share = 10;
/** Somebody is at it who pressed a key so long ago. */
const typingMs = 150;

/** How often a page is drawn for events: rarer where that is dear, and between words while somebody writes. */
export function createPace() {
  let drawnMs = 0;
  let keyAt = Number.NEGATIVE_INFINITY;
  return {
    waitMs(sinceMs: number): number {
      if (sinceMs >= mostMs) return 0;
      const least = Math.min(mostMs, Math.max(leastMs, drawnMs * share));
      return Math.max(least - sinceMs, keyAt + typingMs - performance.now(), 0);
    },
    drew(ms: number) {
      drawnMs = ms;
    },
    typed() {
      keyAt = performance.now();
    },
  };
}
