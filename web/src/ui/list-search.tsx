import { Search } from 'lucide-react';
import type { KeyboardEvent, RefObject } from 'react';

/** The field above a list that one chooses from: it has the keys, the list below only shows where they are. */
export function ListSearch({
  inputRef,
  label,
  listId,
  active,
  words,
  onWords,
  onKeyDown,
}: {
  inputRef: RefObject<HTMLInputElement | null>;
  label: string;
  listId: string;
  /** the id of the entry that Enter takes */
  active: string | undefined;
  words: string;
  onWords: (words: string) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  return (
    <div className="flex h-10 shrink-0 items-center gap-2 border-line border-b px-3 max-md:h-12">
      <Search size={16} className="text-fg-3" aria-hidden />
      <input
        ref={inputRef}
        role="combobox"
        aria-expanded
        aria-autocomplete="list"
        aria-controls={listId}
        aria-activedescendant={active}
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        value={words}
        onChange={(event) => onWords(event.target.value)}
        onKeyDown={onKeyDown}
        className="h-full min-w-0 flex-1 bg-transparent text-14 outline-none"
      />
    </div>
  );
}
