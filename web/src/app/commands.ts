import {
  Command,
  Images,
  Keyboard,
  Languages,
  ListTodo,
  Settings,
  Sparkles,
  SunMoon,
} from 'lucide-react';
import { defineCommands } from '~/lib/commands';

export const appCommands = defineCommands('app', {
  palette: {
    labelKey: 'common.command.palette',
    icon: Command,
    scope: 'everywhere',
    keys: ['Mod+K'],
    isKeyOnly: true,
  },
  sheet: { labelKey: 'common.command.sheet', icon: Keyboard, scope: 'everywhere', keys: ['?'] },
  goGenerate: {
    labelKey: 'common.command.goGenerate',
    icon: Sparkles,
    scope: 'everywhere',
    keys: ['G G'],
  },
  goLibrary: {
    labelKey: 'common.command.goLibrary',
    icon: Images,
    scope: 'everywhere',
    keys: ['G L'],
  },
  goQueue: {
    labelKey: 'common.command.goQueue',
    icon: ListTodo,
    scope: 'everywhere',
    keys: ['G Q'],
  },
  goSettings: {
    labelKey: 'common.command.goSettings',
    icon: Settings,
    scope: 'everywhere',
    keys: ['G ,'],
  },
  theme: { labelKey: 'common.command.theme', icon: SunMoon, scope: 'everywhere', keys: [] },
  language: { labelKey: 'common.command.language', icon: Languages, scope: 'everywhere', keys: [] },
});
