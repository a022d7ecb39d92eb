import {
  Bookmark,
  BookOpen,
  ChartColumn,
  CircleAlert,
  Command,
  History,
  Images,
  Keyboard,
  KeyRound,
  Languages,
  ListTodo,
  LogOut,
  Package,
  Palette,
  Plug,
  Search,
  Settings,
  SlidersHorizontal,
  Sparkles,
  SunMoon,
  User,
} from 'lucide-react';
import { defineCommands } from '~/lib/commands';

/** What most people have no key for, but all can find, and give one. */
const place = { scope: 'everywhere', keys: [] } as const;

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
  goProducts: {
    labelKey: 'common.command.goProducts',
    icon: Package,
    scope: 'everywhere',
    keys: ['G P'],
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
  goProfile: { labelKey: 'common.command.goProfile', icon: User, ...place },
  goAppearance: { labelKey: 'common.command.goAppearance', icon: Palette, ...place },
  goShortcuts: { labelKey: 'common.command.goShortcuts', icon: Keyboard, ...place },
  goTokens: { labelKey: 'common.command.goTokens', icon: KeyRound, ...place },
  goPrompts: { labelKey: 'common.command.goPrompts', icon: History, ...place },
  goPresets: { labelKey: 'common.command.goPresets', icon: Bookmark, ...place },
  goUsage: { labelKey: 'common.command.goUsage', icon: ChartColumn, ...place },
  goProviders: { labelKey: 'common.command.goProviders', icon: Plug, ...place },
  goSystem: { labelKey: 'common.command.goSystem', icon: SlidersHorizontal, ...place },
  goDocs: { labelKey: 'common.command.goDocs', icon: BookOpen, ...place },
  goErrors: { labelKey: 'common.command.goErrors', icon: CircleAlert, ...place },
  theme: { labelKey: 'common.command.theme', icon: SunMoon, scope: 'everywhere', keys: [] },
  language: { labelKey: 'common.command.language', icon: Languages, scope: 'everywhere', keys: [] },
  signOut: { labelKey: 'common.account.signOut', icon: LogOut, ...place },
});

export const promptCommands = defineCommands('prompts', {
  search: { labelKey: 'generate.prompts.search', icon: Search, scope: 'prompts', keys: ['/'] },
});

/** Where the commands lead that go somewhere; the house's are for who keeps it. */
export const places = [
  { command: appCommands.goGenerate, to: '/generate' },
  { command: appCommands.goLibrary, to: '/library' },
  { command: appCommands.goProducts, to: '/products' },
  { command: appCommands.goQueue, to: '/queue' },
  { command: appCommands.goSettings, to: '/settings' },
  { command: appCommands.goProfile, to: '/settings/profile' },
  { command: appCommands.goAppearance, to: '/settings/appearance' },
  { command: appCommands.goShortcuts, to: '/settings/shortcuts' },
  { command: appCommands.goTokens, to: '/settings/tokens' },
  { command: appCommands.goPrompts, to: '/prompts' },
  { command: appCommands.goPresets, to: '/settings/presets' },
  { command: appCommands.goUsage, to: '/settings/usage' },
  { command: appCommands.goProviders, to: '/settings/providers', isHouse: true },
  { command: appCommands.goSystem, to: '/settings/system', isHouse: true },
  { command: appCommands.goDocs, to: '/docs' },
  { command: appCommands.goErrors, to: '/docs/errors' },
] as const;
