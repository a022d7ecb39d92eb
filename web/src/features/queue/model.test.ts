import { describe, expect, it } from 'vitest';
import type { Queue, Run, Task } from '~/api/types';
import { causesOf, doneOf, waitingText } from './model';

function task(state: Task['state'], code?: string): Task {
  return {
    state,
    error: code ? { code, class: 'x', message: `${code} said`, next: 'retry' } : null,
  } as Task;
}

describe('queue', () => {
  it('groups failures by cause, the most frequent first', () => {
    const causes = causesOf([
      task('failed', 'provider_auth'),
      task('failed', 'provider_refused'),
      task('failed', 'provider_refused'),
      task('done', 'provider_auth'),
      task('failed'),
    ]);
    expect(causes.map((cause) => [cause.code, cause.count])).toEqual([
      ['provider_refused', 2],
      ['provider_auth', 1],
    ]);
  });

  it('counts as done only what is', () => {
    const run = { task_count: 8, left: 3, failed: 2, cancelled: 1 } as Run;
    expect(doneOf(run)).toBe(2);
  });

  it('says mine over everybody', () => {
    expect(waitingText({ waiting_mine: 3, waiting_all: 41 } as Queue, String)).toBe('3 / 41');
  });
});
