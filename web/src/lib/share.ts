const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const idOf = (value: unknown) => (isPlain(value) ? value.id : undefined);

function shareList(before: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  let byId: Map<unknown, unknown> | undefined;
  const counterpart = (item: unknown, index: number) => {
    const id = idOf(item);
    if (id === undefined || idOf(before[index]) === id) return before[index];
    byId ??= new Map(before.map((one) => [idOf(one), one]));
    return byId.get(id);
  };
  const shared = next.map((item, index) => share(counterpart(item, index), item));
  const isSame =
    shared.length === before.length && shared.every((item, index) => item === before[index]);
  return isSame ? before : shared;
}

function shareFields(before: Record<string, unknown>, next: Record<string, unknown>) {
  const names = Object.keys(next);
  const shared: Record<string, unknown> = {};
  let isSame = names.length === Object.keys(before).length;
  for (const name of names) {
    const field = share(before[name], next[name]);
    shared[name] = field;
    isSame = isSame && field === before[name] && Object.hasOwn(before, name);
  }
  return isSame ? before : shared;
}

/**
 * `next`, with the very things of `before` wherever they are equal, so that what shows them has nothing to do. Things
 * in a list are told by their ids and not by their place: one more at its head leaves the others what they were.
 */
export function share<T>(before: unknown, next: T): T;
export function share(before: unknown, next: unknown): unknown {
  if (Object.is(before, next)) return before;
  if (Array.isArray(before) && Array.isArray(next)) return shareList(before, next);
  return isPlain(before) && isPlain(next) ? shareFields(before, next) : next;
}
