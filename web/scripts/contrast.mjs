// Computes the contrast of every pair of colours that the page puts together, from tokens.css.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const file = join(import.meta.dirname, '../src/styles/tokens.css');

export function readTokens(css = readFileSync(file, 'utf8')) {
  const block = (selector) => {
    const start = css.indexOf(`${selector} {`);
    const body = css.slice(start, css.indexOf('\n}', start));
    return Object.fromEntries(
      [...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\s*;/gi)].map(([, name, value]) => [
        name,
        value,
      ]),
    );
  };
  return { light: block(':root'), dark: block('[data-theme="dark"]') };
}

export function luminance(hex) {
  const [red, green, blue] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const grounds = ['bg', 'surface', 'surface-2'];
const soft = (name) => [...grounds, `${name}-soft`];

/** [foreground, backgrounds, least] */
export const pairs = [
  ['text', [...grounds, 'surface-3', 'canvas'], 7],
  ['text-2', [...grounds, 'surface-3', 'canvas'], 4.5],
  ['text-3', [...grounds, 'canvas'], 4.5],
  ['accent-text', soft('accent'), 4.5],
  ['ok', soft('ok'), 4.5],
  ['warn', soft('warn'), 4.5],
  ['bad', soft('bad'), 4.5],
  // Secondary text stands on the soft grounds of cards that fail, ask or are chosen.
  ['text-2', ['accent-soft', 'ok-soft', 'warn-soft', 'bad-soft'], 4.5],
  ['text-3', ['accent-soft'], 4.5],
  ['ink-fg', ['ink', 'ink-hover'], 4.5],
  ['accent-fg', ['accent'], 4.5],
  ['solid-fg', ['bad-solid', 'bad-solid-hover'], 4.5],
  ['border-ctl', ['bg', 'surface', 'canvas'], 3],
  ['accent', ['bg', 'surface', 'canvas'], 3],
  ['ok-solid', ['bg', 'surface', 'canvas'], 3],
  ['warn-solid', ['bg', 'surface', 'canvas'], 3],
  ['bad-solid', ['bg', 'surface', 'canvas'], 3],
  ['chart-1', ['surface'], 3],
  ['chart-2', ['surface'], 3],
  ['chart-3', ['surface'], 3],
];

export function findings(tokens = readTokens()) {
  const out = [];
  for (const [theme, colours] of Object.entries(tokens)) {
    for (const [front, backs, least] of pairs) {
      for (const back of backs) {
        const one = colours[front];
        const other = colours[back];
        if (!one || !other) out.push(`${theme}: ${front} or ${back} is missing`);
        else if (contrast(one, other) < least) {
          out.push(
            `${theme}: ${front} on ${back} is ${contrast(one, other).toFixed(2)}, least ${least}`,
          );
        }
      }
    }
  }
  return out;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = findings();
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
