import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDay,
  formatDuration,
  formatMoney,
  formatNumber,
  formatPercent,
  formatPixels,
  formatRelative,
  formatSpan,
  localDay,
} from './format';

describe('format', () => {
  it('writes money from micro-units without losing small prices', () => {
    expect(formatMoney(1_600_000, 'CNY', 'zh-CN')).toBe('¥1.60');
    expect(formatMoney(4_000, 'USD', 'en')).toBe('$0.004');
    expect(formatMoney(0, 'USD', 'en')).toBe('$0.00');
    expect(formatMoney(40_000, '', 'en')).toBe('$0.04');
  });

  it('writes shares so that a single failure is seen', () => {
    expect(formatPercent(0.984, 'en')).toBe('98%');
    expect(formatPercent(0.9999, 'en')).toBe('99%');
    expect(formatPercent(0.0001, 'en')).toBe('1%');
    expect(formatPercent(1, 'en')).toBe('100%');
    expect(formatPercent(0, 'zh-CN')).toBe('0%');
  });

  it('writes sizes in steps of a thousand', () => {
    expect(formatBytes(999, 'en')).toBe('999 bytes');
    expect(formatBytes(1_540_000, 'en')).toBe('1.5 MB');
    expect(formatBytes(15_400_000, 'en')).toBe('15 MB');
  });

  it('writes durations with at most two units', () => {
    expect(formatDuration(840, 'en')).toBe('0.8s');
    expect(formatDuration(14_200, 'en')).toBe('14s');
    expect(formatDuration(125_000, 'en')).toBe('2m 5s');
    expect(formatDuration(3_780_000, 'en')).toBe('1h 3m');
    expect(formatDuration(73.1 * 3_600_000, 'en')).toBe('3d 1h');
    expect(formatDuration(59_700, 'en')).toBe('1m');
    expect(formatDuration(14_200, 'zh-CN')).toBe('14秒');
  });

  it('names days, with the year when it is another one', () => {
    const now = new Date(2026, 10, 22);
    expect(formatDay('2026-11-22', 'en', now)).toBe('Sunday, November 22');
    expect(formatDay('2025-01-02', 'en', now)).toBe('Thursday, January 2, 2025');
    expect(formatDay('2026-11-22', 'zh-CN', now)).toBe('11月22日星期日');
  });

  it('writes a span of days once where they share it, and one day alone', () => {
    const plain = (text: string) => text.replace(/\s/g, ' ');
    expect(plain(formatSpan('2026-11-22', '2026-11-24', 'en'))).toBe('Nov 22 – 24, 2026');
    expect(plain(formatSpan('2026-11-22', '2026-11-22', 'en'))).toBe('Nov 22, 2026');
    expect(plain(formatSpan('2026-11-22', '2026-11-22', 'zh-CN'))).toBe('2026年11月22日');
  });

  it('says how long ago, and the date after a week', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    expect(formatRelative('2026-11-22T11:55:00Z', 'en', now)).toBe('5 minutes ago');
    expect(formatRelative('2026-11-22T12:00:00Z', 'en', now)).toBe(''); // its words are a text of ours
    expect(formatRelative(null, 'en', now)).toBe('');
    expect(formatRelative('2026-11-21T11:00:00Z', 'en', now)).toBe('yesterday');
    expect(formatRelative('2026-11-01T11:00:00Z', 'en', now)).toContain('2026');
  });

  it('counts pixels as the language does', () => {
    expect(formatPixels(1_638_400, 'en')).toBe('1.6');
    expect(formatPixels(1_048_576, 'zh-CN')).toBe('105 万');
    expect(formatPixels(16_777_216, 'zh-CN')).toBe('1,678 万');
  });

  it('groups numbers and finds the local day', () => {
    expect(formatNumber(100_000, 'en')).toBe('100,000');
    expect(localDay(new Date(2026, 0, 5, 23, 59).toISOString())).toBe('2026-01-05');
  });
});
