import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import {
  BookOpen,
  ChartColumn,
  Ellipsis,
  Images,
  ListTodo,
  type LucideIcon,
  Package,
  Plug,
  Settings,
  SlidersHorizontal,
  Sparkles,
} from 'lucide-react';
import { useState } from 'react';
import { meQuery } from '~/api/queries';
import { type Key, useT } from '~/lib/i18n';
import { keepsHouse } from '~/lib/roles';
import { Sheet } from '~/ui/lazy';
import { Mark } from '~/ui/mark';
import { Tip } from '~/ui/tip';
import { StatusFoot } from './status-foot';

interface Place {
  to:
    | '/generate'
    | '/library'
    | '/products'
    | '/queue'
    | '/settings'
    | '/settings/usage'
    | '/settings/providers'
    | '/settings/system'
    | '/docs';
  icon: LucideIcon;
  labelKey: Key;
}

const places: Place[] = [
  { to: '/generate', icon: Sparkles, labelKey: 'common.nav.generate' },
  { to: '/library', icon: Images, labelKey: 'common.nav.library' },
  { to: '/products', icon: Package, labelKey: 'common.nav.products' },
  { to: '/queue', icon: ListTodo, labelKey: 'common.nav.queue' },
];
const settings: Place = { to: '/settings', icon: Settings, labelKey: 'common.nav.settings' };

export function SideNav() {
  const t = useT();
  const item = (place: Place) => (
    <Tip key={place.to} text={t(place.labelKey)}>
      <Link
        to={place.to}
        aria-label={t(place.labelKey)}
        className="flex h-9 items-center gap-3 rounded-8 px-3 text-14 text-fg-2 transition-colors duration-100 hover:bg-surface-2 hover:text-fg max-xl:w-10 max-xl:justify-center max-xl:px-0"
        activeProps={{ className: '!bg-surface-3 !text-fg font-medium' }}
      >
        <place.icon size={18} strokeWidth={1.75} aria-hidden className="shrink-0" />
        <span className="max-xl:hidden">{t(place.labelKey)}</span>
      </Link>
    </Tip>
  );
  return (
    <nav
      aria-label={t('common.nav.label')}
      className="flex w-50 shrink-0 flex-col gap-0.5 border-line border-r bg-surface px-2 pb-3 max-xl:w-14"
    >
      <Link
        to="/"
        preload={false}
        aria-label={t('common.nav.home')}
        className="mb-2 flex h-12 items-center gap-2.5 rounded-8 px-2.5 max-xl:justify-center max-xl:px-0"
      >
        <Mark />
        <span className="text-16 font-semibold tracking-tight max-xl:hidden">
          {t('common.name')}
        </span>
      </Link>
      {places.map(item)}
      <div className="flex-1" />
      {item(settings)}
      <StatusFoot />
    </nav>
  );
}

const usage: Place = { to: '/settings/usage', icon: ChartColumn, labelKey: 'common.nav.usage' };
const house: Place[] = [
  { to: '/settings/providers', icon: Plug, labelKey: 'common.nav.providers' },
  { to: '/settings/system', icon: SlidersHorizontal, labelKey: 'common.nav.system' },
];
const docs: Place = { to: '/docs', icon: BookOpen, labelKey: 'common.nav.docs' };

const tab =
  'flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-11 text-fg-3 aria-[current=page]:font-medium aria-[current=page]:!text-fg';

/** The phone's way around, within the thumb's reach. */
export function TabBar() {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const { pathname } = useLocation();
  const [isOpen, setOpen] = useState(false);
  return (
    <nav
      aria-label={t('common.nav.label')}
      className="z-10 flex shrink-0 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)]"
    >
      {places.map((place) => (
        <Link key={place.to} to={place.to} className={tab}>
          <place.icon size={20} strokeWidth={1.75} aria-hidden />
          {t(place.labelKey)}
        </Link>
      ))}
      <button
        type="button"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-current={pathname.startsWith('/settings') ? 'page' : undefined}
        onClick={() => setOpen(true)}
        className={tab}
      >
        <Ellipsis size={20} strokeWidth={1.75} aria-hidden />
        {t('common.more')}
      </button>
      <Sheet isOpen={isOpen} onClose={() => setOpen(false)} title={t('common.more')} side="bottom">
        <ul className="p-2">
          {[settings, usage, ...(keepsHouse(me) ? house : []), docs].map((place) => (
            <li key={place.to}>
              <Link
                to={place.to}
                activeOptions={{ exact: true }}
                onClick={() => setOpen(false)}
                className="flex h-12 items-center gap-3 rounded-8 px-3 text-14 hover:bg-surface-2"
                activeProps={{ className: 'bg-surface-3 font-medium' }}
              >
                <place.icon size={18} strokeWidth={1.75} aria-hidden className="text-fg-2" />
                {t(place.labelKey)}
              </Link>
            </li>
          ))}
        </ul>
      </Sheet>
    </nav>
  );
}
