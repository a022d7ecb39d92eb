import {
  Brush,
  Check,
  Download,
  ImagePlus,
  Info,
  Maximize2,
  RotateCcw,
  Star,
  Tag,
  Trash2,
  X,
} from 'lucide-react';
import type { Asset } from '~/api/types';
import type { Translate } from '~/lib/i18n';
import type { MenuEntry } from '~/ui/menu';
import type { BulkVerb } from './bulk-bar';
import { libraryCommands, type RecallPart, recallCommands } from './commands';

/** The rest is in the details, and has its keys. */
const menuParts: readonly RecallPart[] = ['all', 'prompt', 'remix'];

export interface TileVerbs {
  open: (asset: Asset) => void;
  details: () => void;
  recall: (asset: Asset, what: RecallPart) => void;
  reference: (asset: Asset) => void;
  edit: (asset: Asset) => void;
  star: (asset: Asset) => void;
  /** null: something else is selected, and tags go there */
  tag: (() => void) | null;
  download: (asset: Asset) => void;
  trash: (asset: Asset) => void;
}

/** What can be done with one picture of the grid: right click, long press, Shift+F10. */
export function tileMenu(
  t: Translate,
  asset: Asset,
  verbs: TileVerbs,
  { isTrash, canWrite, tick }: { isTrash: boolean; canWrite: boolean; tick: () => void },
): MenuEntry[] {
  const canUse = canWrite && !isTrash;
  const canRecall = canUse && asset.kind === 'generated';
  return [
    {
      label: t('library.command.open'),
      icon: Maximize2,
      keys: 'Enter',
      run: () => verbs.open(asset),
    },
    { label: t('library.command.tick'), icon: Check, keys: 'Space', run: tick },
    {
      label: t('library.command.info'),
      icon: Info,
      keys: libraryCommands.info.keys[0],
      run: verbs.details,
    },
    canUse && 'line',
    ...recallCommands('library')
      .filter(({ what }) => canRecall && menuParts.includes(what))
      .map((command) => ({
        label: t(command.labelKey),
        icon: command.icon,
        keys: command.keys[0],
        run: () => verbs.recall(asset, command.what),
      })),
    canUse && {
      label: t('library.viewer.reference'),
      icon: ImagePlus,
      run: () => verbs.reference(asset),
    },
    canUse && { label: t('library.command.edit'), icon: Brush, run: () => verbs.edit(asset) },
    'line',
    canUse && {
      label: t('library.command.star'),
      icon: Star,
      keys: libraryCommands.star.keys[0],
      isChosen: asset.is_starred,
      run: () => verbs.star(asset),
    },
    canUse &&
      verbs.tag !== null && {
        label: t('library.command.tag'),
        icon: Tag,
        keys: libraryCommands.tag.keys[0],
        run: verbs.tag,
      },
    { label: t('library.viewer.download'), icon: Download, run: () => verbs.download(asset) },
    canWrite && 'line',
    canWrite && {
      label: t(isTrash ? 'library.restore' : 'library.command.trash'),
      icon: isTrash ? RotateCcw : Trash2,
      keys: isTrash ? undefined : libraryCommands.trash.keys[0],
      isDanger: !isTrash,
      run: () => verbs.trash(asset),
    },
  ];
}

/** The same on one of several that are selected is about all of them. */
export function chosenMenu(
  t: Translate,
  verbs: readonly BulkVerb[],
  clear: () => void,
): MenuEntry[] {
  return [
    ...verbs.filter((verb) => !verb.isDanger),
    {
      label: t('library.command.deselect'),
      icon: X,
      keys: libraryCommands.deselect.keys[0],
      run: clear,
    },
    'line',
    ...verbs.filter((verb) => verb.isDanger),
  ];
}
