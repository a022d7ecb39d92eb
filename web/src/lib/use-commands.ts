import { useEffect, useLayoutEffect, useRef } from 'react';
import { type ActiveCommand, activateCommands } from './commands';

/** Makes commands act while this component is on the page; what they do is always the latest. */
export function useCommands(commands: ActiveCommand[]) {
  const slot = useRef(commands);
  useLayoutEffect(() => {
    slot.current = commands;
  });
  useEffect(() => activateCommands(slot), []);
}
