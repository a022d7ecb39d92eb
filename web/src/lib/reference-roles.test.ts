import { describe, expect, it } from 'vitest';
import { rolesOf } from './reference-roles';

describe('rolesOf', () => {
  it('reads the list, and nothing of what a later version says', () => {
    expect(rolesOf({ reference_roles: ['style', '', 'smell', 7] })).toEqual([
      'style',
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('finds none where there is none', () => {
    for (const parameters of [null, undefined, 'x', {}, { reference_roles: 'style' }]) {
      expect(rolesOf(parameters)).toEqual([]);
    }
  });
});
