/** A model's own options stand among the parameters as `options.NAME`. */
export const optionPrefix = 'options.';

/** Parameters as the server has them, the model's own options side by side with the rest. */
export function flatParameters(parameters: unknown): [string, unknown][] {
  if (!parameters || typeof parameters !== 'object') return [];
  return Object.entries(parameters).flatMap(([name, value]): [string, unknown][] =>
    name === 'options' && value && typeof value === 'object'
      ? Object.entries(value).map(([option, own]) => [optionPrefix + option, own])
      : [[name, value]],
  );
}

interface Named {
  name: string;
  label_en: string;
  label_zh: string;
}

/** The row of an option, of whichever model has one of that name; undefined: none any more. */
export function findOption(
  models: readonly { id: string; options: readonly Named[] }[] | undefined,
  name: string,
): Named | undefined {
  const own = name.slice(optionPrefix.length);
  for (const { options } of models ?? []) {
    const found = options.find((one) => one.name === own);
    if (found) return found;
  }
  return undefined;
}
