import {
  Bookmark,
  BookmarkPlus,
  CircleX,
  Columns2,
  FastForward,
  ImagePlus,
  PanelLeft,
  PanelRight,
  PencilLine,
  Sparkles,
  WandSparkles,
} from 'lucide-react';
import { defineCommands } from '~/lib/commands';

export const generateCommands = defineCommands('generate', {
  run: {
    labelKey: 'generate.command.run',
    icon: Sparkles,
    scope: 'generate',
    keys: ['Mod+Enter'],
  },
  runFirst: {
    labelKey: 'generate.command.runFirst',
    icon: FastForward,
    scope: 'generate',
    keys: ['Mod+Shift+Enter'],
  },
  cancel: {
    labelKey: 'generate.command.cancel',
    icon: CircleX,
    scope: 'generate',
    keys: ['Shift+X'],
  },
  write: { labelKey: 'generate.command.write', icon: PencilLine, scope: 'generate', keys: ['N'] },
  expand: {
    labelKey: 'generate.command.expand',
    icon: WandSparkles,
    scope: 'generate',
    keys: ['E'],
  },
  compare: {
    labelKey: 'generate.command.compare',
    icon: Columns2,
    scope: 'generate',
    keys: ['C'],
  },
  upload: {
    labelKey: 'generate.command.upload',
    icon: ImagePlus,
    scope: 'generate',
    keys: ['U'],
  },
  foldForm: {
    labelKey: 'generate.command.foldForm',
    icon: PanelLeft,
    scope: 'generate',
    keys: ['['],
  },
  foldActivity: {
    labelKey: 'generate.command.foldActivity',
    icon: PanelRight,
    scope: 'generate',
    keys: [']'],
  },
  presets: {
    labelKey: 'generate.command.presets',
    icon: Bookmark,
    scope: 'generate',
    keys: ['P'],
  },
  savePreset: {
    labelKey: 'generate.presets.save',
    icon: BookmarkPlus,
    scope: 'generate',
    keys: [],
  },
});
