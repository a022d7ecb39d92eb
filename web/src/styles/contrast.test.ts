import { describe, expect, it } from 'vitest';
import { contrast, findings, readTokens } from '../../scripts/contrast.mjs';

describe('colours', () => {
  it('are readable in every pair that the page puts together', () => {
    expect(findings()).toEqual([]);
  });

  it('are measured as WCAG does', () => {
    expect(contrast('#ffffff', '#000000')).toBeCloseTo(21);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 1);
  });

  it('exist in both themes under the same names', () => {
    const { light, dark } = readTokens();
    expect(Object.keys(dark).sort()).toEqual(Object.keys(light).sort());
  });

  it('would be noticed when they fade', () => {
    const tokens = readTokens();
    tokens.light['text-3'] = '#b0b0b8';
    expect(findings(tokens)).toContainEqual(expect.stringContaining('light: text-3 on bg'));
  });
});
