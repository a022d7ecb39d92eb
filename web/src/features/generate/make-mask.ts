import { coverageOf, feather, type MaskStep, paintMask, writeMask } from '~/lib/mask';

/** The mask as PNG of the picture's own size, or why there is none. */
export async function makeMask(
  steps: readonly MaskStep[],
  picture: { width: number; height: number },
  featherPx: number,
): Promise<Blob | 'empty' | 'full' | 'tooLarge'> {
  const { width, height } = picture;
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return 'tooLarge';
  try {
    paintMask(pen, steps, picture, 1);
    const image = pen.getImageData(0, 0, width, height);
    const painted = new Uint8ClampedArray(width * height);
    for (let index = 0; index < painted.length; index++) {
      painted[index] = image.data[index * 4 + 3] ?? 0;
    }
    const soft = feather(painted, width, height, featherPx);
    const coverage = coverageOf(soft);
    if (coverage !== 'some') return coverage;
    writeMask(soft, image.data);
    pen.putImageData(image, 0, 0);
  } catch {
    return 'tooLarge'; // the browser has no room for so many pixels
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  return blob ?? 'tooLarge';
}
