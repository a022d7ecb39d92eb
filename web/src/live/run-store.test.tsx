import { act, render, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { Run } from '~/api/types';
import { RunBar } from './run-bar';
import { dropProgress, putProgress, shareOf } from './run-store';

const told = (progress: number) => ({
  progress,
  step: 0,
  steps: 0,
  node: '',
  partialCount: 0,
  partialVersion: 0,
});
const runOf = (left: number, ...states: string[]) =>
  ({
    task_count: states.length,
    left,
    tasks: states.map((state, index) => ({ id: `t${index}`, state })),
  }) as Run;
const frame = () => act(() => new Promise((done) => requestAnimationFrame(() => done(undefined))));

it('counts what is behind the tasks under way, and does not go back when one ends', async () => {
  expect(shareOf(runOf(4, 'running', 'ready', 'ready', 'ready'))).toBe(0);
  putProgress('t0', told(0.9));
  expect(shareOf(runOf(4, 'running', 'ready', 'ready', 'ready'))).toBe(0.225);
  // The task's own event comes first, the run's numbers after it.
  expect(shareOf(runOf(4, 'done', 'ready', 'ready', 'ready'))).toBe(0.25);
  expect(shareOf(runOf(3, 'done', 'ready', 'ready', 'ready'))).toBe(0.25);
  // A long run tells of its first tasks only.
  expect(shareOf({ ...runOf(3, 'done'), task_count: 8 })).toBe(0.625);
  expect(shareOf({ ...runOf(0), task_count: 0 })).toBe(0);
  dropProgress('t0');
});

it('is drawn as it goes on', async () => {
  const { unmount } = render(<RunBar run={runOf(2, 'running', 'ready')} label="a cup" />);
  const bar = screen.getByRole('progressbar', { name: 'a cup' });
  expect(bar.getAttribute('aria-valuenow')).toBe('0');
  putProgress('t0', told(0.5));
  await frame();
  expect(bar.getAttribute('aria-valuenow')).toBe('25');
  putProgress('t1', told(1));
  await frame();
  expect(bar.getAttribute('aria-valuenow')).toBe('75');
  unmount();
});
