import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type LucideIcon, Package, Search, SlidersHorizontal } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { productsQuery } from '~/api/products';
import { assetsQuery, meQuery } from '~/api/queries';
import type { Asset, ProductSummary } from '~/api/types';
import { findPlaces, findSettings } from '~/features/settings/places';
import { settingsQuery } from '~/features/settings/queries';
import { type ActiveCommand, onCommands, pageFirst } from '~/lib/commands';
import { hasText, pickLanguage, useFormat, useT } from '~/lib/i18n';
import { matchRank } from '~/lib/match-rank';
import { keepsHouse } from '~/lib/roles';
import { useRested } from '~/lib/use-now';
import { places } from './commands';

const groups = ['page', 'places', 'actions', 'settings', 'products', 'pictures', 'search'] as const;
export type Group = (typeof groups)[number];

/** One line of the palette: what it says, what stands before it, what it does. */
export interface Entry {
  id: string;
  group: Group;
  label: string;
  /** beside the label: where it is, or what else it is called */
  note?: string;
  icon?: LucideIcon;
  picture?: Asset;
  product?: ProductSummary;
  /** people's own words, in whatever language */
  isWritten?: boolean;
  keys?: string | undefined;
  run: () => void;
}

/** Of products, pictures and settings there are more than one wants to see; their pages have all. */
const most = 5;
const wordsMax = 200;

const placeIds = new Set<string>(places.map(({ command }) => command.id));

function groupOf(command: ActiveCommand): Group {
  if (placeIds.has(command.id)) return 'places';
  return command.scope === 'everywhere' ? 'actions' : 'page';
}

/** Everything that acts on the page now, also what a part of it brings later. */
function useCommandList(): ActiveCommand[] {
  const [commands, setCommands] = useState(pageFirst);
  useEffect(() => {
    const read = () => setCommands(pageFirst());
    read(); // some may have come since it was drawn
    return onCommands(read);
  }, []);
  return commands;
}

interface Ranked {
  entry: Entry;
  rank: number;
}

/** Groups whose best line fits best stand first; within one, what fits best. */
function inGroups(ranked: readonly Ranked[]): Entry[] {
  const best = new Map<Group, number>();
  for (const { entry, rank } of ranked) {
    best.set(entry.group, Math.max(best.get(entry.group) ?? 0, rank));
  }
  return [...ranked]
    .sort(
      (a, b) =>
        (best.get(b.entry.group) ?? 0) - (best.get(a.entry.group) ?? 0) ||
        groups.indexOf(a.entry.group) - groups.indexOf(b.entry.group) ||
        b.rank - a.rank,
    )
    .map(({ entry }) => entry);
}

function useCommandEntries(words: string): Ranked[] {
  const t = useT();
  const commands = useCommandList();
  return useMemo(() => {
    const seen = new Set<string>();
    return commands
      .filter((command) => {
        if (command.isKeyOnly || seen.has(command.id) || (command.when && !command.when())) {
          return false;
        }
        seen.add(command.id);
        return true;
      })
      .map((command) => ({
        entry: {
          id: command.id,
          group: groupOf(command),
          label: t(command.labelKey),
          icon: command.icon,
          keys: command.keys[0],
          run: command.run,
        },
        rank: matchRank(t(command.labelKey), words),
      }))
      .filter(({ rank }) => rank > 0);
  }, [commands, words, t]);
}

/** Single settings: of the pages by their words, of the house's table by what stands in it. */
function useSettingEntries(words: string): Ranked[] {
  const t = useT();
  const navigate = useNavigate();
  const { language } = useFormat();
  const { data: me } = useQuery(meQuery);
  const isHouse = keepsHouse(me);
  const { data: table = [] } = useQuery({ ...settingsQuery, enabled: isHouse && words !== '' });
  return useMemo(() => {
    if (!words) return [];
    const titleOf = (group: string) => {
      const key = `settings.group.${group}`;
      return hasText(key) ? t(key) : '';
    };
    const ofPages = findPlaces(words, isHouse, t).map((place): Entry => {
      const page = t(place.pageKey);
      const title = t(place.titleKey);
      return {
        id: `settings:${place.to}#${place.at}`,
        group: 'settings',
        label: title,
        note: title === page ? '' : page,
        icon: SlidersHorizontal,
        run: () => void navigate({ to: place.to, hash: place.at }),
      };
    });
    const ofTable = findSettings(table, words, titleOf).map(
      (setting): Entry => ({
        id: `settings:${setting.name}`,
        group: 'settings',
        label: pickLanguage(setting.label_en, setting.label_zh, language) || setting.name,
        note: [t('settings.nav.system'), titleOf(setting.group)].filter(Boolean).join(' › '),
        icon: SlidersHorizontal,
        run: () => void navigate({ to: '/settings/system', hash: setting.name }),
      }),
    );
    return [...ofPages, ...ofTable].slice(0, most).map((entry) => ({
      entry,
      // A word of a help text is less than the beginning of a command's name.
      rank: Math.min(2, matchRank(entry.label, words)),
    }));
  }, [words, table, isHouse, language, t, navigate]);
}

/** What the server finds of products and pictures, once the words rest. */
function useFound(words: string): { entries: Entry[]; isSearching: boolean; isFailed: boolean } {
  const t = useT();
  const navigate = useNavigate();
  const wanted = words.slice(0, wordsMax);
  const q = useRested(wanted, 200);
  const enabled = q !== '';
  const products = useInfiniteQuery({ ...productsQuery(q), enabled });
  const pictures = useInfiniteQuery({ ...assetsQuery({ q }, 'newest'), enabled });
  const entries = useMemo(() => {
    if (!words || !q) return [];
    const ofProducts = (products.data?.pages[0]?.items ?? []).slice(0, most).map(
      (product): Entry => ({
        id: `product:${product.id}`,
        group: 'products',
        label: product.name,
        note: product.sku,
        isWritten: true,
        product,
        icon: Package,
        run: () => void navigate({ to: '/products/$product', params: { product: product.id } }),
      }),
    );
    const ofPictures = (pictures.data?.pages[0]?.items ?? []).slice(0, most).map(
      (picture): Entry => ({
        id: `picture:${picture.id}`,
        group: 'pictures',
        label: picture.name || t('common.palette.picture'),
        isWritten: true,
        picture,
        run: () =>
          void navigate({
            to: '/library/$asset',
            params: { asset: picture.id },
            search: { q },
          }),
      }),
    );
    return [...ofProducts, ...ofPictures];
  }, [words, q, products.data, pictures.data, navigate, t]);
  return {
    entries,
    isSearching: words !== '' && (q !== wanted || products.isFetching || pictures.isFetching),
    isFailed: words !== '' && Boolean(products.error ?? pictures.error),
  };
}

/** Commands, pages, settings, products and pictures that fit; without words, what can be done here. */
export function usePaletteEntries(query: string) {
  const t = useT();
  const navigate = useNavigate();
  const words = query.trim();
  const commands = useCommandEntries(words);
  const settings = useSettingEntries(words);
  const found = useFound(words);
  const entries = useMemo(() => {
    const all = [...inGroups([...commands, ...settings]), ...found.entries];
    if (words) {
      all.push(
        {
          id: 'search.library',
          group: 'search',
          label: t('common.palette.library', { words }),
          icon: Search,
          run: () => void navigate({ to: '/library', search: { q: words } }),
        },
        {
          id: 'search.products',
          group: 'search',
          label: t('common.palette.products', { words }),
          icon: Search,
          run: () => void navigate({ to: '/products', search: { q: words.slice(0, wordsMax) } }),
        },
      );
    }
    return all;
  }, [commands, settings, found.entries, words, t, navigate]);
  return { entries, isSearching: found.isSearching, isFailed: found.isFailed };
}
