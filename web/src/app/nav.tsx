import { Link } from '@tanstack/react-router';
import clsx from 'clsx';
import { Images, ListTodo, type LucideIcon, Settings, Sparkles } from 'lucide-react';
import { type Key, useT } from '~/lib/i18n';
import { Mark } from '~/ui/mark';
import { Tip } from '~/ui/tip';
import { StatusFoot } from './status-foot';

interface Place {
  to: '/generate' | '/library' | '/queue' | '/settings';
  icon: LucideIcon;
  labelKey: Key;
}

const places: Place[] = [
  { to: '/generate', icon: Sparkles, labelKey: 'common.nav.generate' },
  { to: '/library', icon: Images, labelKey: 'common.nav.library' },
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

/** The phone's way around, within the thumb's reach. */
export function TabBar() {
  const t = useT();
  return (
    <nav
      aria-label={t('common.nav.label')}
      className="z-10 flex shrink-0 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)]"
    >
      {[...places, settings].map((place) => (
        <Link
          key={place.to}
          to={place.to}
          className={clsx(
            'flex h-14 flex-1 flex-col items-center justify-center gap-0.5 text-11 text-fg-3',
          )}
          activeProps={{ className: '!text-fg font-medium' }}
        >
          <place.icon size={20} strokeWidth={1.75} aria-hidden />
          {t(place.labelKey)}
        </Link>
      ))}
    </nav>
  );
}
