import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { Keys } from './keys';

export const TipProvider = Tooltip.Provider;

/** A short name or reason at the element, on hover and focus. */
export function Tip({
  text,
  keys,
  children,
}: {
  text: string;
  keys?: string | undefined;
  children: ReactElement;
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} delay={400} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-40">
          <Tooltip.Popup className="popup flex max-w-72 items-center gap-2 !rounded-6 !bg-ink px-2 py-1 text-12 text-ink-fg !outline-0">
            {text}
            {keys && <Keys keys={keys} isOnInk />}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
