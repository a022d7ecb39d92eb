/** What of a picture is to be changed, as strokes in the picture's own pixels; drawn by whoever has a canvas. */

export interface Spot {
  x: number;
  y: number;
  /** across, in the picture's pixels */
  size: number;
}
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export type MaskStep =
  | { type: 'stroke'; erases: boolean; spots: readonly Spot[] }
  | { type: 'lasso'; erases: boolean; spots: readonly Spot[] }
  | { type: 'rectangle'; erases: boolean; box: Box }
  | { type: 'invert' }
  | { type: 'clear' };

export interface MaskHistory {
  steps: readonly MaskStep[];
  undone: readonly MaskStep[];
}

export const noMask: MaskHistory = { steps: [], undone: [] };
const stepsMax = 500;

export function addStep({ steps }: MaskHistory, step: MaskStep): MaskHistory {
  return { steps: [...steps, step].slice(-stepsMax), undone: [] };
}

export function undo({ steps, undone }: MaskHistory): MaskHistory {
  const last = steps.at(-1);
  return last ? { steps: steps.slice(0, -1), undone: [...undone, last] } : { steps, undone };
}

export function redo({ steps, undone }: MaskHistory): MaskHistory {
  const next = undone.at(-1);
  return next ? { steps: [...steps, next], undone: undone.slice(0, -1) } : { steps, undone };
}

/** A pen that is pressed lightly draws thin; fingers and mice have no pressure. */
export function spotSize(size: number, pointerType: string, pressure: number): number {
  return pointerType === 'pen' ? size * (0.2 + 0.8 * Math.min(1, Math.max(0, pressure))) : size;
}

/** Between two corners, within the picture; nothing when it has no area. */
export function boxOf(
  from: { x: number; y: number },
  to: { x: number; y: number },
  picture: { width: number; height: number },
): Box | null {
  const clamp = (value: number, most: number) => Math.min(most, Math.max(0, Math.round(value)));
  const left = clamp(Math.min(from.x, to.x), picture.width);
  const top = clamp(Math.min(from.y, to.y), picture.height);
  const width = clamp(Math.max(from.x, to.x), picture.width) - left;
  const height = clamp(Math.max(from.y, to.y), picture.height) - top;
  return width > 0 && height > 0 ? { x: left, y: top, width, height } : null;
}

/** Moved or made larger by keys: it stays within the picture and never goes away. */
export function nudgeBox(
  box: Box,
  by: { x: number; y: number },
  isSize: boolean,
  picture: { width: number; height: number },
): Box {
  const clamp = (value: number, least: number, most: number) =>
    Math.min(most, Math.max(least, Math.round(value)));
  return isSize
    ? {
        ...box,
        width: clamp(box.width + by.x, 1, picture.width - box.x),
        height: clamp(box.height + by.y, 1, picture.height - box.y),
      }
    : {
        ...box,
        x: clamp(box.x + by.x, 0, picture.width - box.width),
        y: clamp(box.y + by.y, 0, picture.height - box.height),
      };
}

type Pen = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'closePath'
  | 'arc'
  | 'fill'
  | 'stroke'
  | 'fillRect'
  | 'clearRect'
  | 'globalCompositeOperation'
  | 'lineWidth'
  | 'lineCap'
>;

/** One stretch of a stroke; a spot alone is a dot. */
export function paintStretch(pen: Pen, from: Spot, to: Spot, erases: boolean, scale: number) {
  pen.globalCompositeOperation = erases ? 'destination-out' : 'source-over';
  pen.beginPath();
  if (from.x === to.x && from.y === to.y) {
    pen.arc(to.x * scale, to.y * scale, (to.size * scale) / 2, 0, 2 * Math.PI);
    pen.fill();
    return;
  }
  pen.lineCap = 'round';
  pen.lineWidth = to.size * scale;
  pen.moveTo(from.x * scale, from.y * scale);
  pen.lineTo(to.x * scale, to.y * scale);
  pen.stroke();
}

/** All steps from nothing, in the pen's own colour. */
export function paintMask(
  pen: Pen,
  steps: readonly MaskStep[],
  picture: { width: number; height: number },
  scale: number,
) {
  const width = picture.width * scale;
  const height = picture.height * scale;
  pen.clearRect(0, 0, width, height);
  for (const step of steps) {
    if (step.type === 'clear') {
      pen.clearRect(0, 0, width, height);
      continue;
    }
    if (step.type === 'invert') {
      pen.globalCompositeOperation = 'xor';
      pen.fillRect(0, 0, width, height);
      continue;
    }
    if (step.type === 'stroke') {
      step.spots.forEach((spot, index) => {
        paintStretch(pen, step.spots[index - 1] ?? spot, spot, step.erases, scale);
      });
      continue;
    }
    pen.globalCompositeOperation = step.erases ? 'destination-out' : 'source-over';
    if (step.type === 'rectangle') {
      const { box } = step;
      pen.fillRect(box.x * scale, box.y * scale, box.width * scale, box.height * scale);
      continue;
    }
    pen.beginPath();
    step.spots.forEach((spot, index) => {
      if (index === 0) pen.moveTo(spot.x * scale, spot.y * scale);
      else pen.lineTo(spot.x * scale, spot.y * scale);
    });
    pen.closePath();
    pen.fill();
  }
  pen.globalCompositeOperation = 'source-over';
}

/** One pass along lines: each value becomes the mean of those around it, the edge going on for ever. */
function meanAlong(
  from: Uint8ClampedArray,
  to: Uint8ClampedArray,
  lines: number,
  length: number,
  lineStep: number,
  step: number,
  radius: number,
) {
  const span = 2 * radius + 1;
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    const at = (index: number) =>
      from[start + Math.min(length - 1, Math.max(0, index)) * step] ?? 0;
    let sum = 0;
    for (let index = -radius; index <= radius; index++) sum += at(index);
    for (let index = 0; index < length; index++) {
      to[start + index * step] = Math.round(sum / span);
      sum += at(index + radius + 1) - at(index - radius);
    }
  }
}

/** Softens the edge over about `radius` pixels to each side. */
export function feather(
  alpha: Uint8ClampedArray,
  width: number,
  height: number,
  radius: number,
): Uint8ClampedArray {
  const reach = Math.round(radius / 2);
  if (reach < 1) return alpha;
  const one = new Uint8ClampedArray(alpha.length);
  const other = new Uint8ClampedArray(alpha);
  // Twice is near enough to a bell.
  for (let round = 0; round < 2; round++) {
    meanAlong(other, one, height, width, width, 1, reach);
    meanAlong(one, other, width, height, 1, width, reach);
  }
  return other;
}

export type Coverage = 'empty' | 'some' | 'full';

export function coverageOf(alpha: Uint8ClampedArray): Coverage {
  let isOpen = false;
  let isClosed = false;
  for (const value of alpha) {
    if (value > 0) isOpen = true;
    if (value < 255) isClosed = true;
    if (isOpen && isClosed) return 'some';
  }
  return isOpen ? 'full' : 'empty';
}

/** As providers want it: transparent is what is to be changed. */
export function writeMask(painted: Uint8ClampedArray, rgba: Uint8ClampedArray) {
  for (let index = 0; index < painted.length; index++) {
    rgba[index * 4] = 0;
    rgba[index * 4 + 1] = 0;
    rgba[index * 4 + 2] = 0;
    rgba[index * 4 + 3] = 255 - (painted[index] ?? 0);
  }
}
