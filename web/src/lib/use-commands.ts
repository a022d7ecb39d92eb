import { useLayoutEffect, useRef } from 'react';
import { type ActiveCommand, activateCommands } from './commands';

/**
 * Makes commands act while this component is on the page; what they do is always the latest.  From the frame on that
 * shows it: an effect after it could be late for a quick key.
 */
export function useCommands(commands: ActiveCommand[]) {
  const slot = useRef(commands);
  useLayoutEffect(() => {
    slot.current = commands;
  });
  useLayoutEffect(() => activateCommands(slot), []);
}
