/** Numbers, money, sizes and times in the language of the page, by Intl alone. */

const cache = new Map<string, unknown>();
function cached<T>(key: string, make: () => T): T {
  let value = cache.get(key) as T | undefined;
  if (value === undefined) {
    value = make();
    cache.set(key, value);
  }
  return value;
}

export function formatNumber(value: number, language: string, digits = 0): string {
  return cached(
    `n${language}${digits}`,
    () => new Intl.NumberFormat(language, { maximumFractionDigits: digits }),
  ).format(value);
}

/** A share of 1 as a whole percentage; only all of it is "100%", only nothing is "0%". */
export function formatPercent(share: number, language: string): string {
  const whole = Math.round(share * 100);
  const shown = share >= 1 ? 100 : share <= 0 ? 0 : Math.min(99, Math.max(1, whole));
  return cached(
    `p${language}`,
    () => new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }),
  ).format(shown / 100);
}

/** Money in integer micro-units; small prices keep up to four digits so that they are not "0.00". */
export function formatMoney(micro: number, currency: string, language: string): string {
  const value = micro / 1e6;
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 4 : 2;
  const code = /^[A-Z]{3}$/.test(currency) ? currency : 'USD';
  return cached(
    `m${language}${code}${digits}`,
    () =>
      new Intl.NumberFormat(language, {
        style: 'currency',
        currency: code,
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: 2,
        maximumFractionDigits: digits,
      }),
  ).format(value);
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export function formatBytes(bytes: number, language: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return cached(
    `b${language}${unit}${value < 10 && unit > 0}`,
    () =>
      new Intl.NumberFormat(language, {
        style: 'unit',
        unit: units[unit],
        unitDisplay: unit === 0 ? 'long' : 'short',
        maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
      }),
  ).format(value);
}

/** "0.8 s", "14 s", "2 min 5 s", "1 h 3 min" in the language's own units. */
export function formatDuration(ms: number, language: string): string {
  const part = (value: number, unit: 'second' | 'minute' | 'hour' | 'day', digits = 0) =>
    cached(
      `d${language}${unit}${digits}`,
      () =>
        new Intl.NumberFormat(language, {
          style: 'unit',
          unit,
          unitDisplay: language.startsWith('zh') ? 'short' : 'narrow',
          maximumFractionDigits: digits,
        }),
    ).format(value);
  const both = language.startsWith('zh') ? '' : ' ';
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return part(seconds, 'second', 1);
  const whole = Math.round(seconds);
  if (whole < 60) return part(whole, 'second');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    const rest = whole % 60;
    return rest
      ? `${part(minutes, 'minute')}${both}${part(rest, 'second')}`
      : part(minutes, 'minute');
  }
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) {
    const days = part(Math.floor(hours / 24), 'day');
    return hours % 24 ? `${days}${both}${part(hours % 24, 'hour')}` : days;
  }
  const rest = minutes % 60;
  return rest ? `${part(hours, 'hour')}${both}${part(rest, 'minute')}` : part(hours, 'hour');
}

export function formatDateTime(iso: string | null, language: string): string {
  if (!iso) return '';
  return cached(
    `t${language}`,
    () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }),
  ).format(new Date(iso));
}

/** A moment to the second: "14:03:07". */
export function formatTime(iso: string | null, language: string): string {
  if (!iso) return '';
  return cached(
    `s${language}`,
    () => new Intl.DateTimeFormat(language, { timeStyle: 'medium' }),
  ).format(new Date(iso));
}

/** The month of a calendar day, with its year. */
export function formatMonth(day: string, language: string): string {
  const [year = 0, month = 1] = day.split('-').map(Number);
  return cached(
    `M${language}`,
    () => new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric' }),
  ).format(new Date(year, month - 1, 1, 12));
}

/** A calendar day "2026-11-22" as people say it; the year only when it is not this one. */
export function formatDay(day: string, language: string, now: Date): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const withYear = year !== now.getFullYear();
  return cached(
    `D${language}${withYear}`,
    () =>
      new Intl.DateTimeFormat(language, {
        weekday: 'long',
        month: 'long',
        day: 'numeric',
        ...(withYear ? { year: 'numeric' } : {}),
      }),
  ).format(new Date(year, month - 1, date, 12));
}

/** Calendar days from one to another, both of them in it. */
export function formatSpan(from: string, to: string, language: string): string {
  const noon = (day: string) => new Date(`${day}T12:00:00Z`);
  return cached(
    `S${language}`,
    () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }),
  ).formatRange(noon(from), noon(to));
}

/** How many pixels a picture has, as people of the language count: "1.6 MP" is said of millions, "160 万" of ten thousands. */
export function formatPixels(pixels: number, language: string): string {
  if (!language.startsWith('zh')) return formatNumber(pixels / 1e6, language, 1);
  return `${formatNumber(Math.round(pixels / 1e4), language)} 万`;
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** "5 minutes ago"; a week and more is a date; empty: less than a minute. */
export function formatRelative(iso: string | null, language: string, now: number): string {
  if (!iso) return '';
  const apart = new Date(iso).getTime() - now;
  if (Math.abs(apart) > 7 * 86_400_000) return formatDateTime(iso, language);
  const format = cached(
    `r${language}`,
    () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }),
  );
  for (const [unit, size] of steps) {
    if (Math.abs(apart) >= size) return format.format(Math.trunc(apart / size), unit);
  }
  return '';
}

/** The local calendar day of a moment, "2026-11-22". */
export function localDay(iso: string | null): string {
  const date = new Date(iso ?? 0);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
