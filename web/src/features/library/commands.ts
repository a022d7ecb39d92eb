import {
  ArrowDown,
  ArrowLeft,
  ArrowLeftRight,
  ArrowRight,
  ArrowUp,
  Brush,
  Columns2,
  Copy,
  Dices,
  FlipHorizontal2,
  ImagePlus,
  Info,
  Maximize,
  Ruler,
  Search,
  Shuffle,
  SquareCheck,
  Star,
  Tag,
  TextQuote,
  Trash2,
  X,
  ZoomIn,
  ZoomOut,
} from 'lucide-react';
import { defineCommand, defineCommands } from '~/lib/commands';

const recallIcons = { all: Copy, prompt: TextQuote, seed: Dices, size: Ruler, remix: Shuffle };
export type RecallPart = keyof typeof recallIcons;
const recallKeys = { all: 'A', prompt: 'P', seed: 'S', size: 'D', remix: 'R' };
export const recallParts: readonly RecallPart[] = ['all', 'prompt', 'seed', 'size', 'remix'];

/** What a picture was made with goes back to Generate: of the one with the focus, or shown. */
function defineRecalls(scope: 'library' | 'viewer') {
  return recallParts.map((what) =>
    defineCommand({
      id: `${scope}.${what}`,
      labelKey: `library.recall.${what}` as const,
      icon: recallIcons[what],
      scope,
      keys: [recallKeys[what]],
      what,
    }),
  );
}
const recalls = { library: defineRecalls('library'), viewer: defineRecalls('viewer') };

export function recallCommands(scope: 'library' | 'viewer') {
  return recalls[scope];
}

export const libraryCommands = defineCommands('library', {
  search: { labelKey: 'library.command.search', icon: Search, scope: 'library', keys: ['/'] },
  upload: { labelKey: 'library.command.upload', icon: ImagePlus, scope: 'library', keys: ['U'] },
  selectAll: {
    labelKey: 'library.command.selectAll',
    icon: SquareCheck,
    scope: 'library',
    keys: ['Mod+A'],
  },
  star: { labelKey: 'library.command.star', icon: Star, scope: 'library', keys: ['.'] },
  tag: { labelKey: 'library.command.tag', icon: Tag, scope: 'library', keys: ['T'] },
  compare: {
    labelKey: 'library.command.compare',
    icon: Columns2,
    scope: 'library',
    keys: ['C'],
  },
  info: { labelKey: 'library.command.info', icon: Info, scope: 'library', keys: ['I'] },
  trash: { labelKey: 'library.command.trash', icon: Trash2, scope: 'library', keys: ['Delete'] },
  deselect: {
    labelKey: 'library.command.deselect',
    icon: X,
    scope: 'library',
    keys: ['Escape'],
  },
});

export const viewerCommands = defineCommands('viewer', {
  previous: {
    labelKey: 'library.command.previous',
    icon: ArrowLeft,
    scope: 'viewer',
    keys: ['ArrowLeft'],
  },
  next: {
    labelKey: 'library.command.next',
    icon: ArrowRight,
    scope: 'viewer',
    keys: ['ArrowRight'],
  },
  star: { labelKey: 'library.command.star', icon: Star, scope: 'viewer', keys: ['.'] },
  tag: { labelKey: 'library.command.tag', icon: Tag, scope: 'viewer', keys: ['T'] },
  compare: {
    labelKey: 'library.command.compare',
    icon: Columns2,
    scope: 'viewer',
    keys: ['C'],
  },
  edit: { labelKey: 'library.command.edit', icon: Brush, scope: 'viewer', keys: ['E'] },
  info: { labelKey: 'library.command.info', icon: Info, scope: 'viewer', keys: ['I'] },
  fit: { labelKey: 'library.command.fit', icon: Maximize, scope: 'viewer', keys: ['F'] },
  panUp: {
    labelKey: 'library.command.panUp',
    icon: ArrowUp,
    scope: 'viewer',
    keys: ['ArrowUp'],
    isKeyOnly: true,
  },
  panDown: {
    labelKey: 'library.command.panDown',
    icon: ArrowDown,
    scope: 'viewer',
    keys: ['ArrowDown'],
    isKeyOnly: true,
  },
  actual: {
    labelKey: 'library.command.actual',
    icon: Maximize,
    scope: 'viewer',
    keys: ['!'],
  },
  large: { labelKey: 'library.command.large', icon: ZoomIn, scope: 'viewer', keys: ['$'] },
  zoomIn: { labelKey: 'library.command.zoomIn', icon: ZoomIn, scope: 'viewer', keys: ['+', '='] },
  zoomOut: { labelKey: 'library.command.zoomOut', icon: ZoomOut, scope: 'viewer', keys: ['-'] },
  trash: { labelKey: 'library.command.trash', icon: Trash2, scope: 'viewer', keys: ['Delete'] },
  close: { labelKey: 'library.command.close', icon: X, scope: 'viewer', keys: ['Escape'] },
});

function defineRatings(scope: 'library' | 'viewer') {
  return ([0, 1, 2, 3, 4, 5] as const).map((stars) =>
    defineCommand({
      id: `${scope}.rate${stars}`,
      labelKey: `library.command.rate${stars}` as const,
      icon: Star,
      scope,
      keys: [String(stars)],
      stars,
    }),
  );
}
const ratings = { library: defineRatings('library'), viewer: defineRatings('viewer') };
export const compareCommands = defineCommands('compare', {
  mode: { labelKey: 'library.compare.next', icon: Columns2, scope: 'compare', keys: ['M'] },
  swap: { labelKey: 'library.compare.swap', icon: ArrowLeftRight, scope: 'compare', keys: ['X'] },
  flip: {
    labelKey: 'library.compare.flip',
    icon: FlipHorizontal2,
    scope: 'compare',
    keys: ['Space'],
  },
  left: {
    labelKey: 'library.compare.left',
    icon: ArrowLeft,
    scope: 'compare',
    keys: ['ArrowLeft'],
    isKeyOnly: true,
  },
  right: {
    labelKey: 'library.compare.right',
    icon: ArrowRight,
    scope: 'compare',
    keys: ['ArrowRight'],
    isKeyOnly: true,
  },
  info: { labelKey: 'library.compare.differences', icon: Info, scope: 'compare', keys: ['I'] },
  fit: { labelKey: 'library.command.fit', icon: Maximize, scope: 'compare', keys: ['F'] },
  actual: { labelKey: 'library.command.actual', icon: Maximize, scope: 'compare', keys: ['1'] },
  zoomIn: { labelKey: 'library.command.zoomIn', icon: ZoomIn, scope: 'compare', keys: ['+', '='] },
  zoomOut: { labelKey: 'library.command.zoomOut', icon: ZoomOut, scope: 'compare', keys: ['-'] },
  close: { labelKey: 'library.command.close', icon: X, scope: 'compare', keys: ['Escape'] },
});

/** 0 to 5 rate what is selected or shown; one command per key. */
export function ratingCommands(scope: 'library' | 'viewer') {
  return ratings[scope];
}
