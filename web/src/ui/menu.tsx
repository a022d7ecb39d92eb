import { ContextMenu as BaseContext } from '@base-ui/react/context-menu';
import { Menu as Base } from '@base-ui/react/menu';
import clsx from 'clsx';
import { Check, type LucideIcon } from 'lucide-react';
import { type ReactElement, type ReactNode, useRef } from 'react';
import { Keys } from './keys';

interface MenuAction {
  label: string;
  icon?: LucideIcon;
  keys?: string | undefined;
  isDanger?: boolean;
  isChosen?: boolean;
  whyNot?: string;
  run: () => void;
}
export type MenuEntry = MenuAction | 'line' | false;

function Entries({ entries }: { entries: readonly MenuEntry[] }): ReactNode {
  return entries.map((entry, index) => {
    if (entry === false) return null;
    if (entry === 'line') {
      // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name and never move
      return <Base.Separator key={`line-${index}`} className="mx-1 my-1 h-px bg-line" />;
    }
    const Icon = entry.isChosen ? Check : entry.icon;
    return (
      <Base.Item
        key={entry.label}
        disabled={Boolean(entry.whyNot)}
        onClick={entry.run}
        className={clsx(
          'flex min-h-8 select-none items-center gap-2.5 rounded-6 px-2 text-13 outline-none data-disabled:opacity-50 touch:min-h-11',
          entry.isDanger
            ? 'text-bad data-highlighted:bg-bad-soft'
            : 'text-fg data-highlighted:bg-surface-2',
        )}
      >
        <span className="flex w-4 shrink-0 justify-center">
          {Icon && <Icon size={16} strokeWidth={1.75} aria-hidden />}
        </span>
        <span className="flex-1">{entry.label}</span>
        {entry.whyNot && <span className="text-12 text-fg-3">{entry.whyNot}</span>}
        {entry.keys && !entry.whyNot && <Keys keys={entry.keys} />}
      </Base.Item>
    );
  });
}

const popup =
  'popup z-50 max-h-(--available-height) min-w-44 max-w-[calc(100vw-1rem)] overflow-y-auto p-1 outline-none';

/** Base UI does not see the press, only the click that it becomes when nothing was dragged. */
const onlyClick = {
  onPointerDown: (event: { preventBaseUIHandler: () => void }) => event.preventBaseUIHandler(),
  onMouseDown: (event: { preventBaseUIHandler: () => void }) => event.preventBaseUIHandler(),
};

export function Menu({
  trigger,
  entries,
  align = 'end',
  head,
  isDraggable = false,
}: {
  trigger: ReactElement;
  entries: readonly MenuEntry[];
  align?: 'start' | 'end';
  head?: ReactNode;
  /** the trigger can be dragged: the menu opens by the click, for a press may begin a drag */
  isDraggable?: boolean;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} {...(isDraggable ? onlyClick : {})} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align={align} className="z-50 outline-none">
          <Base.Popup className={popup}>
            {head}
            <Entries entries={entries} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/**
 * A long press opens the menu under the finger: lifting it there must not be a choice. Only what was
 * pressed within the menu itself is one, or a key.
 */
function useLiftGuard() {
  const isLifting = useRef(false);
  const swallow = (event: {
    detail?: number;
    preventDefault: () => void;
    stopPropagation: () => void;
  }) => {
    if (!isLifting.current || event.detail === 0) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return {
    opened: (event: Event) => {
      isLifting.current =
        event.type.startsWith('touch') || (event as Partial<PointerEvent>).pointerType === 'touch';
    },
    popup: {
      onPointerDownCapture: () => {
        isLifting.current = false;
      },
      onMouseUpCapture: swallow,
      onClickCapture: swallow,
    },
  };
}

/** The same actions on right click, long press and Shift+F10. */
export function ContextMenu({
  children,
  entries,
  onOpen,
}: {
  children: ReactElement;
  entries: readonly MenuEntry[];
  /** what was pressed, before the menu is drawn; false: there is nothing to open */
  onOpen?: (target: Element) => boolean;
}) {
  const { opened, popup: guard } = useLiftGuard();
  return (
    <BaseContext.Root
      onOpenChange={(isOpen, details) => {
        if (!isOpen) return;
        opened(details.event);
        const { target } = details.event;
        if (onOpen && target instanceof Element && !onOpen(target)) details.cancel();
      }}
    >
      <BaseContext.Trigger render={children} />
      <BaseContext.Portal>
        <BaseContext.Positioner className="z-50 outline-none">
          <BaseContext.Popup className={popup} {...guard}>
            <Entries entries={entries} />
          </BaseContext.Popup>
        </BaseContext.Positioner>
      </BaseContext.Portal>
    </BaseContext.Root>
  );
}
