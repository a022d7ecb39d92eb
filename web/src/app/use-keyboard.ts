import { useEffect } from 'react';
import { activeCommands, isTextField, matchStroke } from '~/lib/commands';
import { usePreferences } from '~/lib/preferences';

const pairMs = 1200;

/** One listener for all keys: finds the command among those that are active now. */
export function useKeyboard() {
  useEffect(() => {
    let pending = '';
    let pendingUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const target = event.target;
      const inText = isTextField(target);
      // Menus, lists and dialogs of the kit have keys of their own, until they begin to go.
      const area =
        target instanceof Element &&
        target.closest('[role="menu"],[role="listbox"],[role="dialog"],[role="alertdialog"]');
      if (area && !area.hasAttribute('data-closed') && !target.closest('[data-command-area]')) {
        return;
      }
      // Enter and Space belong to the focused control.
      if (
        !inText &&
        (event.key === 'Enter' || event.key === ' ') &&
        !event.ctrlKey &&
        !event.metaKey &&
        target instanceof Element &&
        target.closest('button,a,[role="switch"],[role="checkbox"],summary')
      ) {
        return;
      }
      if (Date.now() > pendingUntil) pending = '';
      const found = matchStroke(
        activeCommands(),
        event,
        pending,
        inText,
        usePreferences.getState().areLetterKeysOn,
      );
      pending = found.pending;
      pendingUntil = Date.now() + pairMs;
      if (found.command) {
        event.preventDefault();
        found.command.run();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
