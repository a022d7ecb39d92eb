import { expect, generate, inOwnHouse, pictures, setMock, test } from './test';

test('a model is paused alone, says so wherever it is met, and goes on when it may', async ({
  browser,
}) => {
  await inOwnHouse(browser, async (page, rig) => {
    await setMock(rig, { latency_ms: 50, jitter_ms: 0, failure_rate: 0 });
    const settings = async (said: RegExp) => {
      await page.goto('/settings/providers');
      const card = page.getByRole('listitem').filter({ hasText: 'mock' }).first();
      await card.getByRole('button', { name: 'Limits and rules' }).click();
      const limits = page.getByRole('button', { name: /^Limits of Mock:/ });
      await limits.click();
      const form = page.getByRole('dialog', { name: 'Limits of Mock', exact: true });
      await form.getByText('Pause this model').click();
      await form.getByRole('button', { name: 'Save' }).click();
      await expect(form).toBeHidden();
      await expect(limits).toHaveAccessibleName(said);
      return card;
    };
    const card = await settings(/: paused$/);
    await expect(card.getByText('Paused: mock. What is asked of it waits.')).toBeVisible();

    await page.goto('/generate');
    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await expect(
      page.getByRole('option', { name: /^Mock(?!,).*paused, so it waits/ }),
    ).toBeVisible();
    await expect(page.getByRole('option', { name: /^Mock, at once/ })).not.toHaveText(/paused/);
    await page.keyboard.press('Escape');
    await generate(page, 'a jar that may wait', 1);
    const results = page.getByRole('region', { name: 'Results' });
    await expect(
      results.getByText('It waits: the model “mock · mock” is paused.').first(),
    ).toBeVisible();
    await page.goto('/queue');
    await expect(page.getByRole('link', { name: 'paused: mock' })).toBeVisible();

    await settings(/: as the account$/);
    await page.goto('/generate');
    await expect(pictures(page)).toHaveCount(1);
  });
});
