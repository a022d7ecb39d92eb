import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Keyboard, Languages, LogOut, Monitor, Moon, Search, Sun, User } from 'lucide-react';
import { useState } from 'react';
import { api, done } from '~/api/client';
import { errorText } from '~/api/errors';
import { meQuery } from '~/api/queries';
import type { Queue } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { type Theme, usePreferences } from '~/lib/preferences';
import { IconButton } from '~/ui/button';
import { Keys } from '~/ui/keys';
import { Menu } from '~/ui/menu';
import { Popover } from '~/ui/popover';
import { showToast } from '~/ui/toast';
import { appCommands } from './commands';
import { useLanguage } from './use-language';

const themeIcons = { light: Sun, dark: Moon, system: Monitor };

/** How much runs, at a glance, and everybody's share of the wait. */
function RunningPill({ queue }: { queue: Queue }) {
  const t = useT();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const busy = queue.running + queue.waiting_mine;
  if (busy === 0 && queue.held === 0 && !queue.is_paused) return null;
  const rows: [string, number][] = [
    [t('common.queue.running'), queue.running],
    [t('common.queue.waitingMine'), queue.waiting_mine],
    [t('common.queue.waitingAll'), queue.waiting_all],
    [t('common.queue.held'), queue.held],
    [t('common.queue.failed'), queue.failed_24h],
  ];
  return (
    <Popover
      title={t('common.queue.title')}
      isOpen={isOpen}
      onOpenChange={setOpen}
      className="w-64"
      trigger={
        <button
          type="button"
          className="flex h-7 items-center gap-2 rounded-full bg-accent-soft px-3 text-12 font-medium text-accent-text tabular-nums max-md:h-9 data-[tone=warn]:bg-warn-soft data-[tone=warn]:text-warn"
          data-tone={queue.is_paused || (busy === 0 && queue.held > 0) ? 'warn' : undefined}
        >
          <span className="size-1.5 rounded-full bg-current" aria-hidden />
          {queue.is_paused
            ? t('common.queue.paused')
            : busy > 0
              ? t('common.queue.pill', { count: busy, value: format.number(busy) })
              : t('common.queue.heldPill', { count: queue.held, value: format.number(queue.held) })}
        </button>
      }
    >
      <dl className="flex flex-col gap-1">
        {rows.map(([label, value]) => (
          <div key={label} className="flex justify-between gap-4 text-13">
            <dt className="text-fg-2">{label}</dt>
            <dd className="font-medium tabular-nums">{format.number(value)}</dd>
          </div>
        ))}
      </dl>
      <Link
        to="/queue"
        onClick={() => setOpen(false)}
        className="mt-3 block rounded-6 bg-surface-2 px-3 py-2 text-center text-13 font-medium hover:bg-surface-3"
      >
        {t('common.queue.open')}
      </Link>
    </Popover>
  );
}

export function TopBar({
  queue,
  onPalette,
  onSheet,
}: {
  queue: Queue | undefined;
  onPalette: () => void;
  onSheet: () => void;
}) {
  const t = useT();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery);
  const { theme, set } = usePreferences();
  const { language, change } = useLanguage();

  const setTheme = (next: Theme) => {
    set({ theme: next });
    void api.PATCH('/api/v1/me', { body: { theme: next } }).catch(() => undefined);
  };
  const signOut = async () => {
    try {
      await done(api.POST('/api/v1/auth/logout'));
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
      return;
    }
    client.clear();
    await navigate({ to: '/login', replace: true });
  };

  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-line border-b bg-surface px-3">
      <button
        type="button"
        onClick={onPalette}
        className="flex h-8 w-full max-w-80 items-center gap-2 rounded-8 bg-surface-2 px-2.5 text-13 text-fg-3 transition-colors duration-100 hover:bg-surface-3 hover:text-fg-2 max-md:h-10 max-md:w-10 max-md:justify-center max-md:px-0"
      >
        <Search size={16} strokeWidth={1.75} aria-hidden />
        <span className="flex-1 truncate text-left max-md:sr-only">{t('common.palette.open')}</span>
        <span className="max-md:hidden">
          <Keys keys={appCommands.palette.keys[0] ?? ''} />
        </span>
      </button>
      <div className="flex-1" />
      {queue && <RunningPill queue={queue} />}
      <Menu
        trigger={<IconButton icon={themeIcons[theme]} label={t('common.theme.label')} />}
        entries={(['light', 'dark', 'system'] as const).map((value) => ({
          label: t(`common.theme.${value}`),
          icon: themeIcons[value],
          isChosen: theme === value,
          run: () => setTheme(value),
        }))}
      />
      <Menu
        trigger={<IconButton icon={Languages} label={t('common.language.label')} />}
        entries={(['en', 'zh-CN'] as const).map((value) => ({
          label: t(`common.language.${value}`),
          isChosen: language === value,
          run: () => void change(value),
        }))}
      />
      <Menu
        trigger={<IconButton icon={User} label={t('common.account.label')} />}
        head={
          me && (
            <div className="border-line border-b px-2 pt-1 pb-2">
              <div className="text-13 font-medium">{me.name}</div>
              <div className="text-12 text-fg-3">{t(`common.role.${me.role}`)}</div>
            </div>
          )
        }
        entries={[
          {
            label: t('common.account.profile'),
            icon: User,
            run: () => void navigate({ to: '/settings/profile' }),
          },
          {
            label: t('common.command.sheet'),
            icon: Keyboard,
            keys: appCommands.sheet.keys[0],
            run: onSheet,
          },
          'line',
          { label: t('common.account.signOut'), icon: LogOut, run: () => void signOut() },
        ]}
      />
    </header>
  );
}
