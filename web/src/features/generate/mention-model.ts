/** What is being called up in the prompt: a picture by `@`, a tool or a preset by `/`. */
export interface Mention {
  kind: 'picture' | 'command';
  /** where its sign stands, and where what was typed behind it ends */
  start: number;
  end: number;
  query: string;
}

const queryMax = 30;

/**
 * At the caret. `@` counts at the start of a word (an address of mail is none, and Chinese has no
 * spaces before its words), `/` at the start of the prompt alone. What was typed behind it has no
 * line breaks, and of `@` no spaces.
 */
export function mentionAt(text: string, caret: number): Mention | null {
  const before = text.slice(0, caret);
  const command = /^\s*\/([^\n/]*)$/.exec(before);
  const found = command ?? /(?:^|[^\p{Script=Latin}\d_.@/])@([^\s@]*)$/u.exec(before);
  const query = found?.[1];
  if (query === undefined || query.length > queryMax) return null;
  return {
    kind: command ? 'command' : 'picture',
    start: caret - query.length - 1,
    end: caret,
    query,
  };
}

/** The text with something else in its place, a space before what follows, and where one goes on. */
export function replaceMention(
  text: string,
  { start, end }: Mention,
  words: string,
): { text: string; caret: number } {
  const rest = text.slice(end);
  const put = words && !/^\s/.test(rest) ? `${words} ` : words;
  return {
    text: text.slice(0, start) + put + (words ? rest : rest.trimStart()),
    caret: start + put.length,
  };
}

/**
 * The prompt when its pictures stand in another order: words that name one go with it, and where it
 * is gone they go too, for another would have its name. `nameOf`: what `@` puts in, by place.
 */
export function followReferences(
  text: string,
  before: readonly string[],
  after: readonly string[],
  nameOf: (index: number) => string,
): string {
  if (before.length === 0) return text;
  const names = before.map((_, index) => nameOf(index));
  const literal = names.map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
  const named = new RegExp(`(?<![\\p{Script=Latin}\\d_])(${literal})(?!\\d) ?`, 'gu');
  return text.replace(named, (whole, name: string) => {
    const at = after.indexOf(before[names.indexOf(name)] ?? '');
    return at < 0 ? '' : nameOf(at) + whole.slice(name.length);
  });
}
