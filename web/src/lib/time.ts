/** Milliseconds from a moment that may not have come yet to another; 0 when either is missing. */
export function elapsedMs(from: string | null, to: string | number | null): number {
  if (!from || to === null) return 0;
  const end = typeof to === 'number' ? to : Date.parse(to);
  return Math.max(0, end - Date.parse(from));
}
