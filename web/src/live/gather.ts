/**
 * Hands on what comes: at once when it was quiet before, else all of it together when the time is
 * over, so that the page is drawn once for many events.
 */
export function createGatherer<T>(everyMs: number, take: (items: readonly T[]) => void) {
  let items: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hand = () => {
    timer = items.length > 0 ? setTimeout(hand, everyMs) : undefined;
    const handed = items;
    items = [];
    if (handed.length > 0) take(handed);
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
