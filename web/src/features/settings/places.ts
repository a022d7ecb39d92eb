import type { Setting } from '~/api/types';
import type { Key } from '~/lib/i18n';
import { settingText } from './model';

/** What stands on the pages of settings: found by its words, and come to by its anchor. */
export interface SettingPlace {
  to:
    | '/settings/profile'
    | '/settings/appearance'
    | '/settings/shortcuts'
    | '/settings/tokens'
    | '/settings/presets'
    | '/settings/usage'
    | '/settings/providers'
    | '/settings/system';
  /** the anchor on that page; in English, so that it is found in English too */
  at: string;
  pageKey: Key;
  titleKey: Key;
  /** other words that people look for it by */
  alsoKeys?: readonly Key[];
  isHouse?: true;
}

const profile = { to: '/settings/profile', pageKey: 'settings.nav.profile' } as const;
const appearance = { to: '/settings/appearance', pageKey: 'settings.nav.appearance' } as const;
const shortcuts = { to: '/settings/shortcuts', pageKey: 'settings.nav.shortcuts' } as const;
const presets = { to: '/settings/presets', pageKey: 'settings.nav.presets' } as const;
const usage = { to: '/settings/usage', pageKey: 'settings.nav.usage' } as const;
const providers = {
  to: '/settings/providers',
  pageKey: 'settings.nav.providers',
  isHouse: true,
} as const;
const system = { to: '/settings/system', pageKey: 'settings.nav.system', isHouse: true } as const;

const settingPlaces: readonly SettingPlace[] = [
  {
    ...profile,
    at: 'password',
    titleKey: 'settings.password.title',
    alsoKeys: ['common.account.label', 'settings.password.text'],
  },
  {
    ...profile,
    at: 'sessions',
    titleKey: 'settings.sessions.title',
    alsoKeys: ['common.account.label', 'settings.sessions.text'],
  },
  { ...appearance, at: 'language', titleKey: 'common.language.label' },
  {
    ...appearance,
    at: 'theme',
    titleKey: 'common.theme.label',
    alsoKeys: ['common.theme.dark', 'common.theme.light', 'settings.appearance.themeHelp'],
  },
  {
    ...appearance,
    at: 'start-page',
    titleKey: 'settings.startPage.label',
    alsoKeys: ['settings.startPage.help'],
  },
  {
    ...appearance,
    at: 'tile-size',
    titleKey: 'settings.tileSize.label',
    alsoKeys: ['settings.tileSize.help', 'common.nav.library'],
  },
  {
    ...shortcuts,
    at: 'letter-keys',
    titleKey: 'settings.letterKeys.label',
    alsoKeys: ['settings.letterKeys.help'],
  },
  {
    ...shortcuts,
    at: 'shortcuts',
    titleKey: 'settings.nav.shortcuts',
    alsoKeys: ['settings.shortcuts.text'],
  },
  {
    to: '/settings/tokens',
    pageKey: 'settings.nav.tokens',
    at: 'tokens',
    titleKey: 'settings.nav.tokens',
    alsoKeys: ['settings.tokens.text'],
  },
  {
    ...presets,
    at: 'presets',
    titleKey: 'settings.nav.presets',
    alsoKeys: ['settings.presets.text'],
  },
  { ...usage, at: 'usage', titleKey: 'settings.nav.usage', alsoKeys: ['settings.usage.text'] },
  {
    ...usage,
    at: 'budgets',
    titleKey: 'settings.budgets.title',
    alsoKeys: ['settings.budgets.text'],
  },
  {
    ...providers,
    at: 'providers',
    titleKey: 'settings.nav.providers',
    alsoKeys: [
      'settings.providers.text',
      'settings.keys.title',
      'settings.standIns.title',
      'settings.models.title',
    ],
  },
  { ...system, at: 'server', titleKey: 'settings.group.server' },
  { ...system, at: 'limits', titleKey: 'settings.group.limits' },
  { ...system, at: 'storage', titleKey: 'settings.group.storage' },
  { ...system, at: 'labels', titleKey: 'settings.group.labels' },
  { ...system, at: 'queue', titleKey: 'settings.group.queue' },
];

const split = (words: string) => words.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);

/** Whether all of the words are in it, in any order. */
function hasWords(text: string, words: string): boolean {
  const low = text.toLocaleLowerCase();
  return split(words).every((word) => low.includes(word));
}

/** The places that fit, those first whose own name does. */
export function findPlaces(
  words: string,
  isHouse: boolean,
  textOf: (key: Key) => string,
): SettingPlace[] {
  if (!words.trim()) return [];
  const rank = (place: SettingPlace) => {
    if (place.isHouse && !isHouse) return 0;
    const title = textOf(place.titleKey);
    if (hasWords(title, words)) return 3;
    if (hasWords(`${title} ${textOf(place.pageKey)} ${place.at}`, words)) return 2;
    const also = (place.alsoKeys ?? []).map(textOf).join(' ');
    return hasWords(`${title} ${textOf(place.pageKey)} ${also}`, words) ? 1 : 0;
  };
  return settingPlaces
    .map((place) => ({ place, rank: rank(place) }))
    .filter((one) => one.rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ place }) => place);
}

/** The rows of the settings table that fit, in either language, also by what their group is called. */
export function findSettings(
  settings: readonly Setting[],
  words: string,
  titleOf: (group: string) => string,
): Setting[] {
  return settings.filter((setting) =>
    hasWords(`${settingText(setting)} ${titleOf(setting.group)}`, words),
  );
}
