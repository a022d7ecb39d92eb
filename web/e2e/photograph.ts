import type { Page } from '@playwright/test';
import { withExif } from '../../tests/scenario/pictures.mjs';

export const camera = 'CANARY-CAMERA-4711';

/**
 * Twelve megapixels as a telephone takes them: grain, light, several MB, lying on its side with the
 * order to turn it. Drawn by the browser, since a tree of sources is no place for such a file.
 */
export async function photograph(page: Page, width = 4000): Promise<Buffer> {
  const base64 = await page.evaluate(async (wide) => {
    const canvas = new OffscreenCanvas(wide, wide * 0.75);
    const pen = canvas.getContext('2d');
    if (!pen) throw new Error('no canvas');
    pen.scale(wide / 4000, wide / 4000);
    const light = pen.createRadialGradient(1400, 900, 100, 2000, 1500, 2600);
    light.addColorStop(0, '#f3d9b1');
    light.addColorStop(0.5, '#8a5a3c');
    light.addColorStop(1, '#1d2430');
    pen.fillStyle = light;
    pen.fillRect(0, 0, 4000, 3000);
    let seed = 7;
    const next = () => {
      seed = (seed * 1664525 + 1013904223) >>> 0;
      return seed / 2 ** 32;
    };
    for (let index = 0; index < 40_000; index++) {
      const tone = Math.floor(next() * 255);
      pen.fillStyle = `rgb(${tone} ${tone} ${tone} / 0.18)`;
      pen.fillRect(next() * 4000, next() * 3000, 6, 6);
    }
    const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let text = '';
    for (let at = 0; at < bytes.length; at += 32_768) {
      text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    }
    return btoa(text);
  }, width);
  return withExif(Buffer.from(base64, 'base64'), camera, 6);
}

/** Lets a file fall on an element, as from the desktop. */
export async function drop(page: Page, label: string, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, base64]) => {
      const raw = atob(base64);
      const file = new File([Uint8Array.from(raw, (letter) => letter.charCodeAt(0))], fileName, {
        type: 'image/jpeg',
      });
      const made = new DataTransfer();
      made.items.add(file);
      return made;
    },
    [name, bytes.toString('base64')] as const,
  );
  const target = page.getByRole('button', { name: label });
  await target.dispatchEvent('dragover', { dataTransfer: transfer });
  await target.dispatchEvent('drop', { dataTransfer: transfer });
}
