import { beforeEach, describe, expect, it } from 'vitest';
import {
  forgetAllPrompts,
  forgetPrompts,
  keepPrompt,
  remember,
  useKeptPrompts,
} from './kept-prompts';

const texts = () => useKeptPrompts.getState().texts;
beforeEach(forgetAllPrompts);

describe('prompts that something took the place of', () => {
  it('keeps each once, newest first, at most fifty', () => {
    expect(remember(['a', 'b'], ' b ')).toEqual(['b', 'a']);
    expect(remember(['a'], '  ')).toEqual(['a']);
    expect(
      remember(
        Array.from({ length: 50 }, (_, i) => `p${i}`),
        'new',
      ),
    ).toHaveLength(50);
  });

  it('forgets what was sent or deleted, and nothing else', () => {
    for (const text of ['a lamp', 'a mug', 'a jug']) keepPrompt(text);
    forgetPrompts([' a mug\n', 'unknown']);
    expect(texts()).toEqual(['a jug', 'a lamp']);
    forgetAllPrompts();
    expect(texts()).toEqual([]);
  });
});
