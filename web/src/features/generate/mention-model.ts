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
