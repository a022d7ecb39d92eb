import { describe, expect, it } from 'vitest';
import {
  addStep,
  boxOf,
  coverageOf,
  feather,
  type MaskHistory,
  type MaskStep,
  noMask,
  nudgeBox,
  redo,
  spotSize,
  undo,
  writeMask,
} from './mask';

let seed = 5;
function next(below: number): number {
  seed = (seed * 1664525 + 1013904223) >>> 0;
  return seed % below;
}
const picture = { width: 300, height: 200 };

describe('the steps of a mask', () => {
  it('go back and come again in their order, whatever is done between', () => {
    const all: MaskStep[] = [{ type: 'invert' }, { type: 'clear' }];
    for (let round = 0; round < 200; round++) {
      let history: MaskHistory = noMask;
      let model: { done: MaskStep[]; undone: MaskStep[] } = { done: [], undone: [] };
      for (let turn = 0; turn < 30; turn++) {
        const what = next(3);
        const step = all[next(2)] as MaskStep;
        if (what === 0) {
          history = addStep(history, step);
          model = { done: [...model.done, step], undone: [] };
        } else if (what === 1) {
          history = undo(history);
          const last = model.done.pop();
          if (last) model.undone.push(last);
        } else {
          history = redo(history);
          const back = model.undone.pop();
          if (back) model.done.push(back);
        }
        expect(history).toEqual({ steps: model.done, undone: model.undone });
      }
    }
  });

  it('are bounded', () => {
    let history = noMask;
    for (let index = 0; index < 600; index++) history = addStep(history, { type: 'invert' });
    expect(history.steps.length).toBe(500);
  });
});

describe('a rectangle', () => {
  it('lies within the picture, whatever corners are given', () => {
    for (let round = 0; round < 1000; round++) {
      const corner = () => ({ x: next(900) - 300, y: next(600) - 200 });
      const box = boxOf(corner(), corner(), picture);
      if (!box) continue;
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(picture.width);
      expect(box.y + box.height).toBeLessThanOrEqual(picture.height);
      expect(box.width * box.height).toBeGreaterThan(0);
    }
    expect(boxOf({ x: 5, y: 5 }, { x: 5, y: 90 }, picture)).toBeNull();
    expect(boxOf({ x: -50, y: 5 }, { x: -1, y: 90 }, picture)).toBeNull();
  });

  it('is moved and sized by keys and never leaves nor goes', () => {
    let box = { x: 100, y: 50, width: 100, height: 100 };
    for (let round = 0; round < 2000; round++) {
      box = nudgeBox(box, { x: next(81) - 40, y: next(81) - 40 }, next(2) === 0, picture);
      expect(box.x >= 0 && box.y >= 0 && box.width >= 1 && box.height >= 1).toBe(true);
      expect(box.x + box.width).toBeLessThanOrEqual(picture.width);
      expect(box.y + box.height).toBeLessThanOrEqual(picture.height);
    }
  });
});

describe('pixels', () => {
  it('that are all the same stay so when feathered, and no other value comes from nowhere', () => {
    for (let round = 0; round < 60; round++) {
      const width = 1 + next(20);
      const height = 1 + next(20);
      const same = next(256);
      const even = new Uint8ClampedArray(width * height).fill(same);
      expect(feather(even, width, height, next(30))).toEqual(even);
      const noise = even.map(() => next(256));
      const soft = feather(noise, width, height, next(30));
      expect(soft.length).toBe(noise.length);
      expect(Math.max(...soft)).toBeLessThanOrEqual(Math.max(...noise));
      expect(Math.min(...soft)).toBeGreaterThanOrEqual(Math.min(...noise));
    }
  });

  it('at a feathered edge rise without a step back', () => {
    const width = 60;
    const edge = new Uint8ClampedArray(width * 3).map((_, index) => (index % width < 30 ? 0 : 255));
    const row = feather(edge, width, 3, 10).slice(width, 2 * width);
    for (let x = 1; x < width; x++) expect(row[x]).toBeGreaterThanOrEqual(row[x - 1] ?? 0);
    expect(row[10]).toBe(0);
    expect(row[50]).toBe(255);
    expect(row[30]).toBeGreaterThan(60);
    expect(row[30]).toBeLessThan(200);
  });

  it('say whether a mask is one', () => {
    expect(coverageOf(new Uint8ClampedArray([0, 0]))).toBe('empty');
    expect(coverageOf(new Uint8ClampedArray([255, 255]))).toBe('full');
    expect(coverageOf(new Uint8ClampedArray([0, 255]))).toBe('some');
    expect(coverageOf(new Uint8ClampedArray([9, 9]))).toBe('some');
  });

  it('are open where they were painted', () => {
    const rgba = new Uint8ClampedArray(8).fill(77);
    writeMask(new Uint8ClampedArray([255, 40]), rgba);
    expect([...rgba]).toEqual([0, 0, 0, 0, 0, 0, 0, 215]);
  });

  it('of a pen grow with its pressure, of a finger they do not', () => {
    expect(spotSize(50, 'pen', 0)).toBeCloseTo(10);
    expect(spotSize(50, 'pen', 1)).toBe(50);
    expect(spotSize(50, 'pen', 7)).toBe(50);
    expect(spotSize(50, 'touch', 0)).toBe(50);
    expect(spotSize(50, 'mouse', 0.5)).toBe(50);
  });
});
