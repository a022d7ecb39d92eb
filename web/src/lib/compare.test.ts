import { describe, expect, it } from 'vitest';
import { otherOf } from './compare';

describe('what a picture is compared with', () => {
  it('is its source, else its neighbour', () => {
    expect(otherOf('b', ['s'], ['a', 'b', 'c'])).toBe('s');
    expect(otherOf('b', ['b'], ['a', 'b', 'c'])).toBe('c');
    expect(otherOf('c', [], ['a', 'b', 'c'])).toBe('b');
    expect(otherOf('x', [], ['a'])).toBe('a');
    expect(otherOf('a', [], ['a'])).toBeUndefined();
  });
});
