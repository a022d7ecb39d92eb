import type { Page } from '@playwright/test';
import { expect } from './test';

export interface Look {
  language: 'en' | 'zh-CN';
  theme: 'light' | 'dark';
}

/** Pictures and type are there, and nothing moves but what runs. */
export async function settle(page: Page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)));
    const ending = document
      .getAnimations()
      .filter((one) => one.effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY);
    await Promise.all(ending.map((one) => one.finished.catch(() => undefined)));
  });
}

/** As a person who likes it so sees the page. */
export async function prefer(page: Page, { language, theme }: Look) {
  await page.addInitScript(
    ([chosen, look]) => {
      const saved = JSON.parse(localStorage.getItem('vitrine.preferences') ?? '{}');
      saved.state = { ...saved.state, language: chosen, theme: look };
      saved.version = 1;
      localStorage.setItem('vitrine.preferences', JSON.stringify(saved));
    },
    [language, theme],
  );
}

/** Goes there, and waits until what belongs there is there. */
export async function go(page: Page, path: string) {
  await page.goto(path);
  await expect(page.locator('h1:not([inert] *)')).toBeAttached();
  await expect(page.locator('[aria-busy=true], [data-skeleton]')).toHaveCount(0);
}
