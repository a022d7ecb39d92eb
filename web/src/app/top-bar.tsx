import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { queueQuery } from '~/api/queries';
import { useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { Boundary } from '~/ui/boundary';
import { Keys } from '~/ui/keys';
import { appCommands } from './commands';
import { behindPage } from './lazy-route';

// Menus and popovers come after the first paint; their room is kept.
const TopMenus = late(
  () => behindPage(import('./top-menus')).then((file) => file.TopMenus),
  () => <span className="h-8 w-28 touch:h-11 max-md:w-37" />,
);
const RunningPill = late(() =>
  behindPage(import('./running-pill')).then((file) => file.RunningPill),
);
const SpendPill = late(() => behindPage(import('./spend-pill')).then((file) => file.SpendPill));

/** It alone watches the queue, so that what moves there draws nothing else of the frame. */
function QueuePill() {
  const { data: queue } = useQuery(queueQuery);
  return queue && <RunningPill queue={queue} />;
}

export function TopBar({ onPalette, onSheet }: { onPalette: () => void; onSheet: () => void }) {
  const t = useT();
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-line border-b bg-surface px-3 max-md:gap-1">
      <button
        type="button"
        onClick={onPalette}
        className="flex h-8 w-full max-w-80 items-center gap-2 rounded-8 bg-surface-2 px-2.5 text-13 text-fg-3 transition-colors duration-100 hover:bg-surface-3 hover:text-fg-2 touch:h-11 max-md:w-11 max-md:shrink-0 max-md:justify-center max-md:px-0"
      >
        <Search size={16} strokeWidth={1.75} aria-hidden />
        <span className="flex-1 truncate text-left max-md:sr-only">{t('common.palette.open')}</span>
        <span className="max-md:hidden">
          <Keys keys={appCommands.palette.keys[0] ?? ''} />
        </span>
      </button>
      <div className="flex-1" />
      <Boundary isSilent>
        <SpendPill />
        <QueuePill />
      </Boundary>
      <Boundary isSilent>
        <TopMenus onSheet={onSheet} />
      </Boundary>
    </header>
  );
}
