/** No browser scrolls much further than this; above it the scroll is scaled. */
export const heightMax = 15_000_000;

export interface Place {
  /** the element's scrollTop */
  top: number;
  /** what is at the upper edge of the view */
  virtual: number;
}

function ends(total: number, view: number) {
  return { real: Math.max(0, total - view), physical: Math.max(1, heightMax - view) };
}

/**
 * Where the view stands after the element went to `top`. Small steps stay as long as they were, so
 * that a wheel and a finger feel the same in a library of any size; a jump is scaled.
 */
export function follow(before: Place, top: number, total: number, view: number): Place {
  if (total <= heightMax) return { top, virtual: top };
  const { real, physical } = ends(total, view);
  if (top <= 0) return { top, virtual: 0 };
  if (top >= physical) return { top, virtual: real };
  const by = top - before.top;
  const virtual = Math.abs(by) > view ? (top / physical) * real : before.virtual + by;
  return { top, virtual: Math.min(real, Math.max(0, virtual)) };
}

/** The scrollTop that belongs to a place. */
export function topOf(virtual: number, total: number, view: number): number {
  if (total <= heightMax) return virtual;
  const { real, physical } = ends(total, view);
  return (Math.min(real, Math.max(0, virtual)) / real) * physical;
}
