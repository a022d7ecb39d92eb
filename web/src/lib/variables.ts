/**
 * Words in braces in a prompt, `{colour}`, that are filled in when it is sent; several values of one
 * are written `red | blue`.  A page and a batch share these rules.  `{{colour}}` is the word in
 * braces itself.
 */

const name = '[\\p{L}_][\\p{L}\\p{N}_-]{0,39}';
const pattern = () => new RegExp(`\\{\\{(${name})\\}\\}|\\{(${name})\\}`, 'gu');

export type Values = Readonly<Record<string, string>>;

/** The names in a text, each once, in their order. */
export function findVariables(text: string): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(pattern())) if (match[2]) found.add(match[2]);
  return [...found];
}

/** `red | blue` is two values; empty ones and repeated ones do not count. */
export function splitValues(text: string): string[] {
  return [...new Set(text.split('|').map((one) => one.trim()))].filter((one) => one !== '');
}

/** Puts values in; a name without one stays as it is written. What was put in is not read again. */
export function fillVariables(text: string, values: Values): string {
  return text.replace(pattern(), (whole, literal?: string, variable?: string) => {
    if (literal !== undefined) return `{${literal}}`;
    return variable !== undefined && Object.hasOwn(values, variable)
      ? (values[variable] ?? whole)
      : whole;
  });
}

/** How many texts come of all values with each other; a name without a value counts once. */
export function countFilled(text: string, written: Values): number {
  return findVariables(text).reduce(
    (count, one) => count * Math.max(1, valuesOf(written, one).length),
    1,
  );
}

function valuesOf(written: Values, variable: string): string[] {
  return Object.hasOwn(written, variable) ? splitValues(written[variable] ?? '') : [];
}

/** The names that nothing was written for. */
export function missingVariables(text: string, written: Values): string[] {
  return findVariables(text).filter((one) => valuesOf(written, one).length === 0);
}

/**
 * Every value with every other, the last name changing fastest; none when there would be more than
 * `most`, before any is made.
 */
export function fillAll(text: string, written: Values, most: number): string[] {
  if (countFilled(text, written) > most) return [];
  let sets: Record<string, string>[] = [{}];
  for (const one of findVariables(text)) {
    const values = valuesOf(written, one);
    if (values.length === 0) continue;
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [one]: value })));
  }
  return sets.map((set) => fillVariables(text, set));
}
