export interface Row {
  /** index of the first item */
  start: number;
  /** one past the last item */
  end: number;
  y: number;
  height: number;
  widths: number[];
}

/**
 * Justified rows: each row fills `width` exactly with its items at one height near `target`; the
 * last row keeps the target height when it cannot fill. Ratios are width / height.
 */
export function justify(
  ratios: readonly number[],
  width: number,
  target: number,
  gap: number,
): { rows: Row[]; height: number } {
  const rows: Row[] = [];
  if (width <= 0) return { rows, height: 0 };
  let y = 0;
  let start = 0;
  let sum = 0;
  const close = (end: number, height: number) => {
    const widths: number[] = [];
    for (let index = start; index < end; index++) {
      widths.push(Math.min(width, clampRatio(ratios[index]) * height));
    }
    rows.push({ start, end, y, height, widths });
    y += height + gap;
    start = end;
    sum = 0;
  };
  for (let index = 0; index < ratios.length; index++) {
    sum += clampRatio(ratios[index]);
    const count = index - start + 1;
    const height = (width - gap * (count - 1)) / sum;
    if (height > target) continue;
    // This item made the row lower than wanted; without it the row may be nearer.
    const sumBefore = sum - clampRatio(ratios[index]);
    const heightBefore = count > 1 ? (width - gap * (count - 2)) / sumBefore : Infinity;
    if (heightBefore - target < target - height && heightBefore < target * 1.6) {
      close(index, heightBefore);
      sum = clampRatio(ratios[index]);
      const alone = width / sum;
      if (alone <= target) close(index + 1, alone);
    } else {
      close(index + 1, height);
    }
  }
  if (start < ratios.length) close(ratios.length, target);
  return { rows, height: Math.max(0, y - gap) };
}

/** Panoramas and ribbons must not make rows of one pixel. */
function clampRatio(ratio: number | undefined): number {
  if (!ratio || !Number.isFinite(ratio)) return 1;
  return Math.min(5, Math.max(0.2, ratio));
}
