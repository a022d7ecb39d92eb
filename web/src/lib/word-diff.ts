export interface DiffPart {
  type: 'same' | 'removed' | 'added';
  text: string;
}

/** Words with the space behind them; of Chinese and Japanese each sign is a word. */
function words(text: string): string[] {
  return (
    text.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]\s*|[\p{L}\p{N}_'’-]+\s*|[^\p{L}\p{N}]\s*|./gsu,
    ) ?? []
  );
}

/** Above this many pairs the middle is told as a whole: nobody reads such a difference by words. */
const pairsMax = 4_000_000;

/** What must go from `before` and come to make `after`, word by word, the least of it. */
export function wordDiff(before: string, after: string): DiffPart[] {
  const a = words(before);
  const b = words(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end++;
  }
  const out: DiffPart[] = [];
  const put = (type: DiffPart['type'], text: string) => {
    if (text === '') return;
    const last = out.at(-1);
    if (last?.type === type) last.text += text;
    else out.push({ type, text });
  };
  put('same', a.slice(0, start).join(''));
  for (const part of middle(a.slice(start, a.length - end), b.slice(start, b.length - end))) {
    put(part.type, part.text);
  }
  put('same', a.slice(a.length - end).join(''));
  return out;
}

function middle(a: readonly string[], b: readonly string[]): DiffPart[] {
  if (a.length * b.length > pairsMax) {
    return [
      { type: 'removed', text: a.join('') },
      { type: 'added', text: b.join('') },
    ];
  }
  // The longest common run of words from each place on, by rows.
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      common[row * width + column] =
        a[row] === b[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const out: DiffPart[] = [];
  let row = 0;
  let column = 0;
  while (row < a.length || column < b.length) {
    if (row < a.length && column < b.length && a[row] === b[column]) {
      out.push({ type: 'same', text: a[row] ?? '' });
      row++;
      column++;
    } else if (
      row < a.length &&
      (column === b.length || at(row + 1, column) >= at(row, column + 1))
    ) {
      out.push({ type: 'removed', text: a[row++] ?? '' });
    } else {
      out.push({ type: 'added', text: b[column++] ?? '' });
    }
  }
  return out;
}
