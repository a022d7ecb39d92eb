import { knownCommands } from '~/lib/commands';
import { type Bundle, loadTexts } from '~/lib/i18n';
import './commands';

// Each feature's commands, whatever page is open; a new feature's are here without a word.
import.meta.glob(['../features/*/commands.ts', '../features/*/*-commands.ts'], { eager: true });

/** Every command of the page, once the texts of all of them are there. */
export async function loadCommands() {
  const commands = knownCommands();
  const bundles = new Set(commands.map(({ labelKey }) => labelKey.split('.')[0] as Bundle));
  await loadTexts(...bundles);
  return commands;
}
