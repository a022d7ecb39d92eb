import { call, expect, madeOf, setMock, test } from './test';

test.beforeEach(({ rig }) => setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 }));

interface Frame {
  opacity: number;
  isLoaded: boolean;
  hasGround: boolean;
}

/** In each frame from before the bytes until after: how far the picture has come, and what is under it. */
async function frames(page: import('@playwright/test').Page, id: string): Promise<Frame[]> {
  return page.evaluate(
    (asset) =>
      new Promise<Frame[]>((resolve) => {
        const seen: Frame[] = [];
        let after = 0;
        const look = () => {
          const image = document.querySelector<HTMLImageElement>(
            `[data-open="${asset}"] img[srcset]`,
          );
          if (image?.parentElement) {
            const ground = image.parentElement;
            const opacity = Number(getComputedStyle(image).opacity);
            const isLoaded = image.complete && image.naturalWidth > 0;
            const hasColour = getComputedStyle(ground).backgroundColor !== 'rgba(0, 0, 0, 0)';
            const hasHash = ground.querySelector('img[aria-hidden]') !== null;
            seen.push({ opacity, isLoaded, hasGround: hasColour || hasHash });
            if (isLoaded && opacity === 1) after++;
          }
          if (after > 20 || seen.length > 2000) resolve(seen);
          else requestAnimationFrame(look);
        };
        look();
      }),
    id,
  );
}

test('no frame shows the page through a picture that comes in', async ({ signedIn: page, rig }) => {
  const id = await madeOf(rig, 'a bowl that comes in', 51);
  await call(rig, 'GET', `/assets/${id}`);
  await page.route(/\/assets\/\w+\/file|variant=/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await route.continue();
  });
  await page.goto('/library');
  await expect(page.locator(`[data-open="${id}"]`)).toBeVisible();
  const seen = await frames(page, id);
  const through = seen.filter((frame) => frame.opacity < 1 && !frame.hasGround);
  expect(through).toEqual([]);
  expect(seen.some((frame) => !frame.isLoaded)).toBe(true);
  expect(seen.some((frame) => frame.isLoaded && frame.opacity < 1)).toBe(true);
  // In the end nothing is left below, for some pictures are transparent.
  await expect
    .poll(() =>
      page
        .locator(`[data-open="${id}"] img[srcset]`)
        .evaluate(
          ({ parentElement }) =>
            parentElement?.children.length === 1 &&
            getComputedStyle(parentElement).backgroundColor === 'rgba(0, 0, 0, 0)',
        ),
    )
    .toBe(true);
});
