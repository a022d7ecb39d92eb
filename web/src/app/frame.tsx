import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Outlet,
  useLocation,
  useNavigate,
  useParams,
  useRouterState,
} from '@tanstack/react-router';
import clsx from 'clsx';
import { useEffect, useRef, useState } from 'react';
import { dropEarly } from '~/api/early';
import { applyPerson, saveTheme } from '~/api/person';
import { meQuery, queueQuery } from '~/api/queries';
import { onLoginWanted } from '~/api/session';
import { loadTexts, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { phone, useMedia } from '~/lib/media';
import { usePreferences } from '~/lib/preferences';
import { keepsHouse } from '~/lib/roles';
import { useCommands } from '~/lib/use-commands';
import { useEarly } from '~/lib/use-early';
import { connectLive, useConnection } from '~/live/connection';
import { createGatherer, createPace } from '~/live/gather';
import { applyEvents } from '~/live/stale';
import { Announcer } from '~/ui/announce';
import { Boundary } from '~/ui/boundary';
import { ConnectionBar, VersionBar } from './bars';
import { appCommands, places } from './commands';
import { frameIsDrawn } from './lazy-route';
import { SideNav, TabBar } from './nav';
import { TopBar } from './top-bar';
import { useFiles } from './use-files';
import { useKeyboard } from './use-keyboard';
import { useLanguage, useNextTheme } from './use-language';
import { useSignOut } from './use-sign-out';

const Palette = late(async () => {
  const [file] = await Promise.all([import('./palette'), loadTexts('settings')]);
  return file.Palette;
});
const LoginDialog = late(() => import('./login-dialog').then((file) => file.LoginDialog));
const KeySheet = late(async () => {
  const [sheet, { loadCommands }] = await Promise.all([
    import('./key-sheet'),
    import('./all-commands'),
    loadTexts('settings'),
  ]);
  await loadCommands();
  return sheet.KeySheet;
});

/** The live line for all pages. */
function useLive() {
  const client = useQueryClient();
  useEffect(() => {
    const pace = createPace();
    const gather = createGatherer<[string, unknown]>(pace.waitMs, (events) => {
      const begunAt = performance.now();
      applyEvents(client, events, reportError);
      setTimeout(() => pace.drew(performance.now() - begunAt)); // the queries tell and draw before it
    });
    const shown = client.getQueryData(queueQuery.queryKey)?.last_event_id ?? '';
    const leave = connectLive(shown, (kind, data) => gather.put([kind, data]));
    addEventListener('keydown', pace.typed, { capture: true });
    return () => {
      removeEventListener('keydown', pace.typed, { capture: true });
      leave();
      gather.stop();
    };
  }, [client]);
}

/** After a change of page the reader is put at its head. */
function useFocusHead() {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    const frame = requestAnimationFrame(() => {
      // Unless the page has put it somewhere itself.
      if (document.querySelector('[role="dialog"]')) return;
      if (document.activeElement?.closest('main > *')) return;
      [...document.querySelectorAll<HTMLElement>('h1[tabindex="-1"]')]
        .find((head) => !head.closest('[inert]'))
        ?.focus({ preventScroll: true });
    });
    return () => cancelAnimationFrame(frame);
  }, [pathname]);
}

/** "(3) Generate · vitrine" while my work runs and the tab is behind. */
function TabCount() {
  const { data: queue } = useQuery(queueQuery);
  const running = (queue?.running ?? 0) + (queue?.waiting_mine ?? 0);
  useEffect(() => {
    const show = () => {
      const bare = document.title.replace(/^\(\d+\) /, '');
      document.title = document.hidden && running > 0 ? `(${running}) ${bare}` : bare;
    };
    show();
    document.addEventListener('visibilitychange', show);
    return () => document.removeEventListener('visibilitychange', show);
  }, [running]);
  return null;
}

/** The page: its room until the first is there, the one before until the next is. */
function Main() {
  const isBusy = useRouterState({ select: (state) => state.isLoading });
  return (
    <main
      id="main"
      tabIndex={-1}
      aria-busy={isBusy || undefined}
      className={clsx(
        'room-while-empty flex min-h-0 flex-1 flex-col outline-none',
        isBusy && 'dim-late',
      )}
    >
      <Outlet />
    </main>
  );
}

export function Frame() {
  const t = useT();
  const navigate = useNavigate();
  const isPhone = useMedia(phone);
  // The viewer lies over everything; nothing under it is reached by keys.
  const isCovered = Boolean(useParams({ strict: false }).asset);
  const [open, setOpen] = useState<'palette' | 'sheet' | null>(null);
  const [isLoginWanted, setLoginWanted] = useState(false);
  const isNewVersion = useConnection((state) => state.isNewVersion);
  useLive();
  useFiles();
  const { other, change } = useLanguage();
  const client = useQueryClient();
  const nextTheme = useNextTheme();
  const signOut = useSignOut();
  const { data: me } = useQuery(meQuery);
  usePreferences((state) => state.shortcuts); // the keys shown are those in force
  useEffect(() => me && applyPerson(me), [me]);
  useKeyboard();
  useFocusHead();
  useEffect(() => onLoginWanted(setLoginWanted), []);
  useEffect(frameIsDrawn, []);
  useEffect(dropEarly, []);
  useEarly(Palette.load);

  useCommands([
    { ...appCommands.palette, run: () => setOpen('palette') },
    { ...appCommands.sheet, run: () => setOpen('sheet') },
    ...places.map(({ command, to, ...rest }) => ({
      ...command,
      when: () => !('isHouse' in rest) || keepsHouse(me),
      run: () => void navigate({ to }),
    })),
    { ...appCommands.theme, run: () => void saveTheme(client, nextTheme).catch(() => undefined) },
    { ...appCommands.language, run: () => void change(other) },
    { ...appCommands.signOut, run: () => void signOut() },
  ]);

  return (
    <div className="flex h-full flex-col">
      <button
        type="button"
        className="sr-only z-60 rounded-8 bg-ink px-3 py-2 text-13 text-ink-fg focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        onClick={() => document.getElementById('main')?.focus()}
      >
        {t('common.skip')}
      </button>
      <div className="flex min-h-0 flex-1">
        {!isPhone && (
          <div className="contents" inert={isCovered}>
            <SideNav />
          </div>
        )}
        <div className="flex min-w-0 flex-1 flex-col">
          <div className="contents" inert={isCovered}>
            <TopBar onPalette={() => setOpen('palette')} onSheet={() => setOpen('sheet')} />
          </div>
          <ConnectionBar />
          {isNewVersion && <VersionBar />}
          <Main />
        </div>
      </div>
      {isPhone && (
        <div className="contents" inert={isCovered}>
          <TabBar />
        </div>
      )}
      <TabCount />
      <Announcer />
      <Boundary of={open ?? ''}>
        {isLoginWanted && <LoginDialog />}
        {open === 'palette' && (
          <Palette onClose={() => setOpen(null)} onSheet={() => setOpen('sheet')} />
        )}
        {open === 'sheet' && <KeySheet onClose={() => setOpen(null)} />}
      </Boundary>
    </div>
  );
}
