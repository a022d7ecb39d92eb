import { Check, Info, Maximize2, RotateCcw, Star, Trash2 } from 'lucide-react';
import type { Translate } from '~/lib/i18n';
import type { MenuEntry } from '~/ui/menu';

interface TileVerbs {
  open: () => void;
  tick: () => void;
  details: () => void;
  star: () => void;
  trash: () => void;
}

/** What can be done with one picture of the grid: right click, long press, Shift+F10. */
export function tileMenu(
  t: Translate,
  verbs: TileVerbs,
  { isTrash, canWrite }: { isTrash: boolean; canWrite: boolean },
): MenuEntry[] {
  return [
    { label: t('library.command.open'), icon: Maximize2, run: verbs.open },
    { label: t('library.command.tick'), icon: Check, run: verbs.tick },
    { label: t('library.command.info'), icon: Info, run: verbs.details },
    canWrite && { label: t('library.command.star'), icon: Star, run: verbs.star },
    canWrite && 'line',
    canWrite && {
      label: t(isTrash ? 'library.restore' : 'library.command.trash'),
      icon: isTrash ? RotateCcw : Trash2,
      isDanger: !isTrash,
      run: verbs.trash,
    },
  ];
}
