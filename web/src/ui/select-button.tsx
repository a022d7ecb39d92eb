import clsx from 'clsx';
import { ChevronsUpDown } from 'lucide-react';
import type { RefObject } from 'react';
import { selectTrigger } from './button';
import { FieldControl } from './field';

/** The look of a select that opens a list of its own. */
export function SelectButton({
  buttonRef,
  isOpen,
  listId,
  onNear,
  onPress,
  children,
}: {
  buttonRef: RefObject<HTMLButtonElement | null>;
  isOpen: boolean;
  listId: string;
  /** it may be pressed soon */
  onNear: () => void;
  onPress: () => void;
  children: string;
}) {
  return (
    <FieldControl
      ref={buttonRef as RefObject<HTMLElement | null>}
      render={<button type="button" />}
      role="combobox"
      aria-haspopup="dialog"
      aria-expanded={isOpen}
      aria-controls={listId}
      data-popup-open={isOpen || undefined}
      onPointerEnter={onNear}
      onFocus={onNear}
      onClick={onPress}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
        event.preventDefault();
        onPress();
      }}
      className={clsx(selectTrigger, 'h-8 text-14')}
    >
      <span className="min-w-0 flex-1 truncate">{children}</span>
      <ChevronsUpDown size={14} className="text-fg-3" aria-hidden />
    </FieldControl>
  );
}
