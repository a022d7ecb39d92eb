import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import {
  Bookmark,
  ChartColumn,
  Keyboard,
  KeyRound,
  type LucideIcon,
  Palette,
  Plug,
  SlidersHorizontal,
  User,
} from 'lucide-react';
import { useEffect, useRef } from 'react';
import { meQuery } from '~/api/queries';
import { type Key, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { keepsHouse } from '~/lib/roles';
import { PageHead } from '~/ui/page';
import { SearchBox } from '~/ui/search-box';
import { Skeleton } from '~/ui/states';

const route = getRouteApi('/frame/settings');
const FoundSettings = late(
  () => import('./found').then((file) => file.FoundSettings),
  () => <Skeleton className="h-40 !rounded-8" />,
);

interface Place {
  to:
    | '/settings/profile'
    | '/settings/appearance'
    | '/settings/shortcuts'
    | '/settings/tokens'
    | '/settings/presets'
    | '/settings/providers'
    | '/settings/usage'
    | '/settings/system';
  icon: LucideIcon;
  labelKey: Key;
}

const mine: Place[] = [
  { to: '/settings/profile', icon: User, labelKey: 'settings.nav.profile' },
  { to: '/settings/appearance', icon: Palette, labelKey: 'settings.nav.appearance' },
  { to: '/settings/shortcuts', icon: Keyboard, labelKey: 'settings.nav.shortcuts' },
  { to: '/settings/tokens', icon: KeyRound, labelKey: 'settings.nav.tokens' },
  { to: '/settings/presets', icon: Bookmark, labelKey: 'settings.nav.presets' },
];
const usage: Place = {
  to: '/settings/usage',
  icon: ChartColumn,
  labelKey: 'settings.nav.usage',
};
const house: Place[] = [
  { to: '/settings/providers', icon: Plug, labelKey: 'settings.nav.providers' },
  usage,
  { to: '/settings/system', icon: SlidersHorizontal, labelKey: 'settings.nav.system' },
];

export function SettingsLayout() {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const isAdmin = keepsHouse(me);
  const { pathname } = useLocation();
  const { q: words = '' } = route.useSearch();
  const navigate = useNavigate();
  const find = (q: string) => void navigate({ to: '.', search: q ? { q } : {}, replace: true });
  const bar = useRef<HTMLElement>(null);
  // On a phone the places are a row that may be wider than the screen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path decides which link is chosen
  useEffect(() => {
    bar.current
      ?.querySelector('[aria-current=page]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [pathname, isAdmin]);
  const group = (title: string, places: Place[]) => (
    <div className="flex shrink-0 flex-col gap-0.5 max-md:flex-row">
      <h2 className="px-3 pt-3 pb-1 text-12 font-medium text-fg-3 max-md:sr-only">{title}</h2>
      {places.map((place) => (
        <Link
          key={place.to}
          to={place.to}
          className="flex h-8 shrink-0 items-center gap-2.5 rounded-8 px-3 text-13 text-fg-2 transition-colors duration-100 hover:bg-surface-2 hover:text-fg touch:h-11"
          activeProps={{ className: '!bg-surface-3 !text-fg font-medium' }}
        >
          <place.icon size={16} strokeWidth={1.75} aria-hidden className="max-md:hidden" />
          {t(place.labelKey)}
        </Link>
      ))}
    </div>
  );
  return (
    <>
      <PageHead title={t('common.nav.settings')}>
        <SearchBox
          label={t('settings.search')}
          clearLabel={t('settings.searchClear')}
          value={words}
          onChange={find}
        />
      </PageHead>
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <nav
          ref={bar}
          aria-label={t('settings.nav.label')}
          className="flex w-52 shrink-0 flex-col border-line border-r bg-surface p-2 max-md:w-full max-md:flex-row max-md:overflow-x-auto max-md:border-r-0 max-md:border-b max-md:p-1"
        >
          {group(t('settings.nav.mine'), isAdmin ? mine : [...mine, usage])}
          {isAdmin && group(t('settings.nav.house'), house)}
        </nav>
        <div className="min-h-0 flex-1 overflow-y-auto">
          <div className="room-while-empty mx-auto flex min-h-64 max-w-3xl flex-col gap-6 p-6 max-md:p-4">
            {words.trim() ? <FoundSettings words={words} onClear={() => find('')} /> : <Outlet />}
          </div>
        </div>
      </div>
    </>
  );
}
