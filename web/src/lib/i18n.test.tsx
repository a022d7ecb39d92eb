import { act, render } from '@testing-library/react';
import { expect, it } from 'vitest';
import { changeLanguage, loadTexts, startI18n, translate, useFormat, useT } from './i18n';

let draws = 0;

function Words() {
  const t = useT();
  const { duration } = useFormat();
  draws++;
  const found = t('common.palette.found', { count: 2, value: 2 });
  return [t('common.skip'), t('library.command.open'), found, duration(90_000)].join('|');
}

it('finds a text when its bundle is there, and another one in another language', async () => {
  await startI18n('en');
  expect(translate('library.command.open')).toBe('command.open'); // its bundle is not there yet
  await loadTexts('library');
  expect(translate('library.command.open')).toBe('Open');
  const { container } = render(<Words />);
  const english = 'Skip to content|Open|2 results|1m 30s';
  expect(container.textContent).toBe(english);
  const before = draws;
  await act(() => changeLanguage('zh-CN'));
  expect(container.textContent).toBe('跳到内容|打开|2 个结果|1分钟30秒');
  expect(draws).toBe(before + 1);
  await act(() => changeLanguage('en'));
  expect(container.textContent).toBe(english);
});
