import { expect, it } from 'vitest';
import type { Budget } from '~/api/types';
import { budgetOfDay, budgetWhose } from './budget';

const budget = (id: string, scope: Budget['scope'], period: Budget['period'] = 'day') =>
  ({ id, scope, period }) as Budget;

it('a budget of a model is named with its account', () => {
  expect(budgetWhose({ who_name: '', model: '' })).toBe('');
  expect(budgetWhose({ who_name: 'Studio', model: '' })).toBe('Studio');
  expect(budgetWhose({ who_name: 'Studio', model: 'gpt-image-2' })).toBe('Studio · gpt-image-2');
  expect(budgetWhose({ who_name: 'Studio', model: 'gpt-image-2' }, 'GPT Image 2')).toBe(
    'Studio · GPT Image 2',
  );
});

it('the widest budget of a day stands for it, whatever was made first', () => {
  const model = budget('M', 'model');
  const provider = budget('P', 'provider');
  const everyone = budget('E', 'everyone');
  expect(budgetOfDay([])).toBeUndefined();
  expect(budgetOfDay([budget('X', 'everyone', 'month')])).toBeUndefined();
  expect(budgetOfDay([model])).toBe(model);
  expect(budgetOfDay([model, provider])).toBe(provider);
  expect(budgetOfDay([model, provider, everyone, budget('E2', 'everyone')])).toBe(everyone);
});
