import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { type Look, settle } from './look';
import { expect, type Rig, tabTo } from './test';
import { englishOnly, wordsOf } from './words';

const shots = join(import.meta.dirname, '../../shots');

/** How the page is worked with. */
type Hands = 'mouse' | 'finger' | 'keys';

export interface Way extends Look {
  hands: Hands;
  size: { width: number; height: number };
}

/** Somebody who uses the page in a language, a theme and on a screen, and sees to it that it is so. */
export interface Walk extends ReturnType<typeof wordsOf> {
  page: Page;
  rig: Rig;
  way: Way;
  isPhone: boolean;
  press: (target: Locator) => Promise<void>;
  write: (target: Locator, text: string) => Promise<void>;
  /** Looks at all that is shown now, and photographs it. */
  look: (name: string) => Promise<void>;
  /** a text of the page's, or of one's own in this language */
  tell: (texts: { en: string; zh: string }) => string;
}

const english = englishOnly();

/** What is shown or read out and is not in the page's language. */
function strangers(page: Page, language: Look['language']): Promise<string[]> {
  return page.evaluate(
    ({ isChinese, whole, patterns }) => {
      const texts = new Set<string>();
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node as HTMLElement;
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        // What people wrote, or a provider said, is marked as in no language or another.
        if (element.closest('[lang]') !== document.documentElement) continue;
        for (const name of ['aria-label', 'placeholder', 'title', 'alt', 'aria-valuetext']) {
          texts.add(element.getAttribute(name) ?? '');
        }
        for (const child of element.childNodes) {
          if (child.nodeType === Node.TEXT_NODE) texts.add(child.nodeValue ?? '');
        }
      }
      texts.add(document.title);
      const all = [...texts].map((text) => text.trim()).filter(Boolean);
      const ownName = '简体中文';
      if (!isChinese) return all.filter((text) => /[\u4e00-\u9fff]/.test(text) && text !== ownName);
      const known = new Set(whole);
      const forms = patterns.map((pattern) => new RegExp(pattern));
      // Three words in a row that no name has are a sentence, whoever wrote it.
      const sentence = /\b[a-z]+ [a-z]+ [a-z]+\b/;
      return all.filter(
        (text) => known.has(text) || sentence.test(text) || forms.some((form) => form.test(text)),
      );
    },
    { isChinese: language === 'zh-CN', ...english },
  );
}

/** What makes the page wider than the screen. */
function wideParts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const root = document.documentElement;
    const found = root.scrollWidth > innerWidth ? [`the page: ${root.scrollWidth}`] : [];
    // The frame clips; what is cut off at its right edge without a scroller of its own is lost too.
    for (const part of document.querySelectorAll<HTMLElement>(
      'main *, header *, [role=dialog] *',
    )) {
      if (!part.matches('button, a, input, textarea, h1, h2, h3, p')) continue;
      if (!part.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const box = part.getBoundingClientRect();
      if (box.width === 0 || (box.right <= innerWidth + 1 && box.left >= -1)) continue;
      let scroller = part.parentElement;
      const scrolls = (one: Element) => /auto|scroll/.test(getComputedStyle(one).overflowX);
      while (scroller && !(scrolls(scroller) && scroller.scrollWidth > scroller.clientWidth + 1)) {
        scroller = scroller.parentElement;
      }
      if (!scroller) found.push(`${part.tagName} ${part.textContent?.slice(0, 40)}: ${box.right}`);
    }
    return found;
  });
}

/** What a finger would miss: what is pressed is 44 high and wide. */
export function smallParts(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('main button, header button, nav a, nav button')]
      .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      .map((one) => ({ one, box: one.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.height < 43.5 || box.width < 43.5))
      .map(({ one, box }) => `${one.ariaLabel || one.textContent}: ${box.width}×${box.height}`),
  );
}

/** Goes on by Tab, or back, whichever is nearer; near it each stop is looked at. */
async function reach(page: Page, target: Locator) {
  const way = await target.evaluate((element) => {
    const stops = [
      ...document.querySelectorAll<HTMLElement>('a[href], button, input, textarea, [tabindex]'),
    ].filter(
      (one) =>
        one.tabIndex >= 0 &&
        !one.matches(':disabled, [hidden], [inert] *') &&
        one.checkVisibility({ visibilityProperty: true }),
    );
    const to = stops.indexOf(element as HTMLElement);
    const from = stops.indexOf(document.activeElement as HTMLElement);
    return to < 0 || from < 0 ? 0 : to - from;
  });
  const key = way < 0 ? 'Shift+Tab' : 'Tab';
  for (let presses = 0; presses < Math.abs(way) - 2; presses++) await page.keyboard.press(key);
  await tabTo(page, target, 150, key);
}

async function pressByKeys(page: Page, target: Locator) {
  await expect(target).toBeVisible();
  const role = await target.getAttribute('role');
  const isFocused = () => target.evaluate((element) => element === document.activeElement);
  if (role?.startsWith('menuitem')) {
    // The menu has the focus, a moment after it opened.
    await expect(page.getByRole('menu').locator(':focus')).toHaveCount(1);
    for (let presses = 0; presses < 20 && !(await isFocused()); presses++) {
      await page.keyboard.press('ArrowDown');
    }
    await expect(target).toBeFocused();
    await page.keyboard.press('Enter');
    return;
  }
  // Of several that are one stop, the arrows lead to the others.
  if ((await target.getAttribute('tabindex')) === '-1') {
    const group = target.locator('xpath=ancestor::*[@role="radiogroup" or @role="group"][1]');
    await reach(page, group.locator('[tabindex="0"]'));
    for (let presses = 0; presses < 12 && !(await isFocused()); presses++) {
      await page.keyboard.press('ArrowRight');
    }
    await expect(target).toBeFocused();
  } else {
    await reach(page, target);
  }
  await page.keyboard.press('Enter');
}

export function startWalk(page: Page, rig: Rig, way: Way): Walk {
  const words = wordsOf(way.language);
  const press = async (target: Locator) => {
    if (way.hands === 'keys') await pressByKeys(page, target);
    else if (way.hands === 'finger') await target.tap();
    else await target.click();
  };
  const write = async (target: Locator, text: string) => {
    if (way.hands !== 'keys') return target.fill(text);
    await reach(page, target);
    await page.keyboard.press('Control+a');
    if (text === '') await page.keyboard.press('Delete');
    else await page.keyboard.insertText(text);
  };
  const look = async (name: string) => {
    await settle(page);
    await expect(page.locator('html')).toHaveAttribute('lang', way.language);
    await expect.poll(() => strangers(page, way.language), { message: name }).toEqual([]);
    expect(await wideParts(page), name).toEqual([]);
    if (way.hands === 'finger') expect(await smallParts(page), name).toEqual([]);
    const place = way.size.width < 768 ? 'phone' : 'desktop';
    const file = `flow-${name}-${way.language}-${way.theme}-${place}.png`;
    await page.screenshot({ path: join(shots, file) });
  };
  const isPhone = way.size.width < 768;
  const tell = ({ en, zh }: { en: string; zh: string }) => (way.language === 'en' ? en : zh);
  return { ...words, page, rig, way, isPhone, press, write, look, tell };
}
