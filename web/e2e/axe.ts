import type { Page } from '@playwright/test';
import axe from 'axe-core';

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface Given {
  /** of this part alone, which is no page: without the rules of whole pages */
  within?: string;
  /** a menu or list is over the page, in no landmark, as it is none of a page's parts */
  isOver?: boolean;
}

/** What axe finds, a line each. */
export async function axeFaults(page: Page, { within, isOver }: Given = {}): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(
    async ({ part, skipsRegion, runOnly }) => {
      const runner = (window as unknown as { axe: typeof axe }).axe;
      // What the kit puts around a popup to catch the focus has it for no moment that anybody is in.
      const found = await runner.run(
        {
          ...(part === undefined ? {} : { include: [[part]] }),
          exclude: [['[data-base-ui-focus-guard]']],
        },
        {
          runOnly,
          resultTypes: ['violations'],
          ...(skipsRegion ? { rules: { region: { enabled: false } } } : {}),
        },
      );
      return found.violations.map(
        ({ id, impact, nodes }) =>
          `${impact} ${id}: ${nodes
            .slice(0, 3)
            .map(({ target }) => target.join(' '))
            .join(' | ')}`,
      );
    },
    {
      part: within,
      skipsRegion: isOver === true,
      runOnly: within === undefined ? rules : rules.filter((rule) => rule !== 'best-practice'),
    },
  );
}
