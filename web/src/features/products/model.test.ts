import { describe, expect, it } from 'vitest';
import {
  adopt,
  changesOf,
  clashesOf,
  formOf,
  isDirty,
  merged,
  movedByKey,
  photosMax,
  problemOf,
  takeTheirs,
  typeInto,
  withPhotos,
} from './model';

const mug = { name: 'Mug', sku: 'M-1', category: 'Kitchen', facts: 'stoneware' };

describe('what is said of a product', () => {
  it('needs a name, and keeps to the lengths that the server takes', () => {
    expect(problemOf('name', { ...mug, name: '  ' })).toBe('required');
    expect(problemOf('name', { ...mug, name: '杯'.repeat(200) })).toBe('');
    expect(problemOf('name', { ...mug, name: '杯'.repeat(201) })).toBe('too_long');
    expect(problemOf('sku', { ...mug, sku: '' })).toBe('');
    expect(problemOf('sku', { ...mug, sku: 'x'.repeat(65) })).toBe('too_long');
    expect(problemOf('category', { ...mug, category: 'x'.repeat(121) })).toBe('too_long');
    expect(problemOf('facts', { ...mug, facts: '😀'.repeat(10_000) })).toBe('');
    expect(problemOf('facts', { ...mug, facts: '😀'.repeat(10_001) })).toBe('too_long');
  });

  it('is sent as far as it was changed, without space around', () => {
    expect(changesOf(mug, mug)).toEqual({});
    expect(changesOf(mug, { ...mug, name: ' Mug ' })).toEqual({});
    expect(changesOf(mug, { ...mug, name: ' Cup ', facts: '' })).toEqual({
      name: 'Cup',
      facts: '',
    });
  });
});

describe('a change elsewhere', () => {
  const typed = { ...mug, name: 'Cup' };

  it('clashes only where both changed a field to different ends', () => {
    expect(clashesOf(mug, typed, { ...mug, facts: 'clay' })).toEqual([]);
    expect(clashesOf(mug, typed, { ...mug, name: 'Cup' })).toEqual([]);
    expect(clashesOf(mug, typed, { ...mug, name: 'Bowl' })).toEqual(['name']);
  });

  it('comes into what was not touched, and leaves what was typed', () => {
    const theirs = { ...mug, name: 'Bowl', facts: 'clay' };
    expect(merged(mug, typed, theirs)).toEqual({ ...mug, name: 'Cup', facts: 'clay' });
  });

  it('is told in the form until one side is taken', () => {
    const form = typeInto(formOf({ ...mug, version: 1 }), 'name', 'Cup');
    expect(isDirty(form)).toBe(true);
    expect(adopt(form, { ...mug, version: 1 })).toBe(form);
    const told = adopt(form, { ...mug, name: 'Bowl', facts: 'clay', version: 2 });
    expect(told).toEqual({
      version: 2,
      base: { ...mug, name: 'Bowl', facts: 'clay' },
      typed: { ...mug, name: 'Cup', facts: 'clay' },
      theirs: { name: 'Bowl' },
    });
    // A third change, of something else: the question stays.
    const still = adopt(told, { ...mug, name: 'Bowl', facts: 'clay', sku: 'M-2', version: 3 });
    expect(still.theirs).toEqual({ name: 'Bowl' });
    expect(still.typed).toMatchObject({ name: 'Cup', sku: 'M-2' });
    const taken = takeTheirs(still, 'name');
    expect(taken.theirs).toEqual({});
    expect(taken.typed.name).toBe('Bowl');
    expect(isDirty(taken)).toBe(false);
  });

  it('that says the same ends the question', () => {
    const form = typeInto(formOf({ ...mug, version: 1 }), 'name', 'Cup');
    const told = adopt(form, { ...mug, name: 'Bowl', version: 2 });
    expect(adopt(told, { ...mug, name: 'Cup', version: 3 }).theirs).toEqual({});
  });
});

describe('photos', () => {
  it('come behind those there are, each once, as many as there is room for', () => {
    expect(withPhotos(['a', 'b'], ['b', 'c'])).toEqual(['a', 'b', 'c']);
    const many = Array.from({ length: 20 }, (_, index) => `p${index}`);
    expect(withPhotos(['a'], many)).toHaveLength(photosMax);
    expect(withPhotos(['a'], many).slice(0, 2)).toEqual(['a', 'p0']);
  });

  it.each([
    ['ArrowLeft', ['b', 'a', 'c']],
    ['ArrowRight', ['a', 'c', 'b']],
    ['Home', ['b', 'a', 'c']],
    ['End', ['a', 'c', 'b']],
    ['x', null],
  ])('are moved by %s', (key, ids) => {
    expect(movedByKey(['a', 'b', 'c'], 'b', key)).toEqual(ids);
  });

  it('stay where a key leads nowhere', () => {
    expect(movedByKey(['a', 'b'], 'a', 'ArrowLeft')).toBeNull();
    expect(movedByKey(['a', 'b'], 'b', 'ArrowRight')).toBeNull();
    expect(movedByKey(['a', 'b'], 'a', 'Home')).toBeNull();
    expect(movedByKey(['a', 'b'], 'z', 'End')).toBeNull();
  });
});
