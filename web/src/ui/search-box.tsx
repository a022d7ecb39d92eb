import { Search, X } from 'lucide-react';
import { type RefObject, useEffect, useState } from 'react';
import { useRested } from '~/lib/use-now';
import { IconButton } from './button';

/** Searches while one types, when the hand rests; `value` is what the address says. */
export function SearchBox({
  inputRef,
  label,
  clearLabel,
  value,
  onChange,
}: {
  inputRef?: RefObject<HTMLInputElement | null>;
  label: string;
  clearLabel: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [words, setWords] = useState(value);
  const rested = useRested(words, 250);
  useEffect(() => setWords(value), [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed goes out
  useEffect(() => {
    if (rested.trim() !== value && rested === words) onChange(rested.trim());
  }, [rested]);
  return (
    <div className="relative w-72 max-w-full max-md:order-last max-md:w-full">
      <Search
        size={16}
        strokeWidth={1.75}
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-fg-3"
      />
      <input
        ref={inputRef}
        type="search"
        aria-label={label}
        placeholder={label}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        className="h-8 w-full rounded-8 border border-line-ctl bg-surface pr-8 pl-8 text-14 focus-visible:outline-offset-0 touch:h-11"
      />
      {words && (
        <IconButton
          icon={X}
          label={clearLabel}
          size="dense"
          className="absolute top-0.5 right-0.5 max-md:top-0 max-md:right-0"
          onClick={() => {
            setWords('');
            onChange('');
          }}
        />
      )}
    </div>
  );
}
