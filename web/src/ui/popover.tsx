import { Popover as Base } from '@base-ui/react/popover';
import clsx from 'clsx';
import type { ReactElement, ReactNode, RefObject } from 'react';

export function Popover({
  trigger,
  anchor,
  focusFirst,
  title,
  children,
  isOpen,
  onOpenChange,
  align = 'end',
  className,
}: {
  trigger?: ReactElement;
  /** what it stands at where its trigger is no part of it; that opens and closes it itself */
  anchor?: RefObject<HTMLElement | null>;
  focusFirst?: RefObject<HTMLElement | null>;
  title: string;
  children: ReactNode;
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  align?: 'start' | 'center' | 'end';
  className?: string;
}) {
  return (
    <Base.Root
      open={isOpen}
      onOpenChange={(open, { event }) => {
        if (!anchor?.current?.contains(event.target as Node | null)) onOpenChange?.(open);
      }}
    >
      {trigger && <Base.Trigger render={trigger} />}
      <Base.Portal>
        <Base.Positioner anchor={anchor} sideOffset={6} align={align} className="z-50 outline-none">
          <Base.Popup
            initialFocus={focusFirst}
            className={clsx(
              'popup max-h-(--available-height) max-w-[calc(100vw-1rem)] overflow-y-auto p-3 outline-none',
              className,
            )}
          >
            <Base.Title className="sr-only">{title}</Base.Title>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
