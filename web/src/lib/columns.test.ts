import { describe, expect, it } from 'vitest';
import {
  type ColumnName,
  changeColumn,
  columnBounds,
  drawnTo,
  fitColumns,
  middleMin,
  railWidth,
  readColumn,
} from './columns';

describe('a column that was kept', () => {
  const usual = { width: 320, isFolded: false };

  it.each([
    ['nothing', undefined, usual],
    ['null', null, usual],
    ['a word', 'evil', usual],
    ['a list', [1, 2], usual],
    ['another page', { activity: { width: 400 } }, usual],
    ['no object', { form: 9 }, usual],
    ['null within', { form: null }, usual],
    ['no number', { form: { width: '400' } }, usual],
    ['not a number', { form: { width: Number.NaN } }, usual],
    ['endless', { form: { width: Number.POSITIVE_INFINITY } }, usual],
    ['too wide', { form: { width: 1e9 } }, { width: 560, isFolded: false }],
    ['too narrow', { form: { width: -4 } }, { width: 280, isFolded: false }],
    ['half pixels', { form: { width: 300.4 } }, { width: 300, isFolded: false }],
    [
      'folded by a word',
      { form: { width: 300, isFolded: 'yes' } },
      { width: 300, isFolded: false },
    ],
    ['folded', { form: { width: 300, isFolded: true } }, { width: 300, isFolded: true }],
    ['folded alone', { form: { isFolded: true } }, { width: 320, isFolded: true }],
  ])('survives %s', (_, saved, expected) => {
    expect(readColumn(saved, 'form')).toEqual(expected);
  });

  it('is no property of the prototype', () => {
    const evil = Object.create({ form: { width: 500, isFolded: true } });
    expect(readColumn(evil, 'form')).toEqual(usual);
  });

  it('changes alone, whatever stood there', () => {
    expect(changeColumn('evil', 'form', { width: 400 })).toEqual({
      form: { width: 400, isFolded: false },
      activity: { width: 280, isFolded: false },
      details: { width: 320, isFolded: false },
    });
    const saved = { form: { width: 400, isFolded: true }, activity: { width: 300 }, old: 7 };
    expect(changeColumn(saved, 'form', { isFolded: false })).toEqual({
      form: { width: 400, isFolded: false },
      activity: { width: 300, isFolded: false },
      details: { width: 320, isFolded: false },
    });
    expect(changeColumn({}, 'form', { width: 9000 }).form?.width).toBe(560);
  });
});

describe('columns in their room', () => {
  const side = (name: ColumnName, width: number, isFolded = false) => ({ name, width, isFolded });

  it('are as wide as was chosen where there is room', () => {
    const fit = fitColumns(1384, side('form', 400), side('activity', 300));
    expect([fit.left.width, fit.right.width]).toEqual([400, 300]);
    expect(fit.left.max).toBe(560);
  });

  it('are as chosen before the room is known', () => {
    const fit = fitColumns(0, side('form', 560), side('activity', 480));
    expect([fit.left.width, fit.right.width]).toEqual([560, 480]);
  });

  it('give way, the right one first', () => {
    const fit = fitColumns(1144, side('form', 560), side('activity', 480));
    expect([fit.left.width, fit.right.width]).toEqual([560, 224]);
    const tight = fitColumns(900, side('form', 560), side('activity', 480));
    expect([tight.left.width, tight.right.width]).toEqual([320, 220]);
  });

  it('leave their room when they are folded, or not there', () => {
    expect(fitColumns(900, side('form', 560), side('activity', 480, true)).left.width).toBe(
      900 - middleMin - railWidth,
    );
    expect(fitColumns(900, null, side('details', 560)).right.width).toBe(540);
    expect(fitColumns(900, side('form', 560), null).left.width).toBe(540);
  });

  it('never take the least of the middle, nor fall below their own', () => {
    const { form, activity } = columnBounds;
    const whole = form.min + activity.min + middleMin;
    for (let turn = 0; turn < 2000; turn++) {
      const of = (min: number, max: number) => min + Math.floor(Math.random() * (max - min + 1));
      const room = of(200, 2500);
      const left = side('form', of(form.min, form.max), Math.random() < 0.2);
      const right = side('activity', of(activity.min, activity.max), Math.random() < 0.2);
      const fit = fitColumns(room, left, right);
      const taken =
        (left.isFolded ? railWidth : fit.left.width) +
        (right.isFolded ? railWidth : fit.right.width);
      if (room >= whole) expect(room - taken).toBeGreaterThanOrEqual(middleMin);
      expect(fit.left.width).toBeGreaterThanOrEqual(form.min);
      expect(fit.right.width).toBeGreaterThanOrEqual(activity.min);
      expect(fit.left.max).toBeGreaterThanOrEqual(fit.left.width);
      expect(fit.right.max).toBeGreaterThanOrEqual(fit.right.width);
      // What its edge is drawn to is what it then is.
      const drawn = { ...left, width: fit.left.max };
      if (!left.isFolded) expect(fitColumns(room, drawn, right).left.width).toBe(fit.left.max);
    }
  });

  it('fold when their edge is drawn far in', () => {
    expect(drawnTo(139, 280, 400)).toEqual({ width: 280, isFolded: true });
    expect(drawnTo(141, 280, 400)).toEqual({ width: 280, isFolded: false });
    expect(drawnTo(333.6, 280, 400)).toEqual({ width: 334, isFolded: false });
    expect(drawnTo(900, 280, 400)).toEqual({ width: 400, isFolded: false });
  });
});
