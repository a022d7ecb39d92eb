import { Link, useNavigate } from '@tanstack/react-router';
import clsx from 'clsx';
import {
  Brush,
  CircleX,
  Columns2,
  Copy,
  Dices,
  Download,
  ImagePlus,
  Maximize2,
  MoreHorizontal,
  RotateCw,
  Ruler,
  Shuffle,
  Star,
  TextQuote,
  Trash2,
  X,
} from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { codeText } from '~/api/errors';
import { downloadUrl, partialUrl } from '~/api/files';
import type { Asset, Task } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { elapsedMs } from '~/lib/time';
import { useNow } from '~/lib/use-now';
import { usePaidWait } from '~/live/paid';
import { useProgress } from '~/live/run-store';
import { Button, IconButton } from '~/ui/button';
import { LinkButton } from '~/ui/link';
import { ContextMenu, Menu, type MenuEntry } from '~/ui/menu';
import { Picture } from '~/ui/picture';
import { ProgressRing } from '~/ui/progress';
import { Quoted } from '~/ui/quoted';
import { StateMark } from '~/ui/state-mark';
import { useAssetActions, type useRunActions } from './actions';
import { useDraft } from './draft';
import { type Recall, ratioOf, taskLeftMs } from './model';

const HeldQuestion = late(() => import('~/ui/held').then((file) => file.HeldQuestion));
const WaitLine = late(() => import('~/ui/wait-line').then((file) => file.WaitLine));
const Written = late(() => import('~/ui/written').then((file) => file.Written));

interface SlotProps {
  task: Task;
  asset: Asset | undefined;
  index: number;
  width: number;
  usual: number;
  isPaused: boolean;
  actions: ReturnType<typeof useRunActions>;
  onEdit: () => void;
  onRecall: (assetId: string, what: Recall) => void;
  onCompare: (assetId: string) => void;
}

/** One place on the stage: it has its final shape before the first byte, whatever happens in it. */
export const Slot = memo(function Slot(props: SlotProps) {
  const { task, asset, width } = props;
  return (
    <div
      className="relative overflow-hidden rounded-8 bg-surface shadow-1"
      style={{ width, aspectRatio: ratioOf(task, asset) }}
    >
      {task.written ? (
        <Written written={task.written} className="absolute inset-0 overflow-y-auto p-3" />
      ) : asset && !asset.trashed_at ? (
        <DoneSlot {...props} asset={asset} />
      ) : asset ? (
        <TrashedSlot asset={asset} />
      ) : task.state === 'running' || task.state === 'waiting' ? (
        <RunningSlot {...props} />
      ) : task.state === 'failed' ? (
        <FailedSlot {...props} />
      ) : task.state === 'held' ? (
        <HeldSlot {...props} />
      ) : (
        <QuietSlot {...props} />
      )}
    </div>
  );
});

function Middle({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div
      className={clsx(
        'absolute inset-0 flex flex-col items-center justify-center gap-2 overflow-y-auto p-3 text-center',
        className,
      )}
    >
      {children}
    </div>
  );
}

/** It costs money again: not while the server is out of reach. */
function RetryButton({ id, retry }: { id: string; retry: (id: string) => void }) {
  const t = useT();
  return (
    <Button height="dense" icon={RotateCw} whyNot={usePaidWait()} onClick={() => retry(id)}>
      {t('common.retry')}
    </Button>
  );
}

function QuietSlot({ task, isPaused, actions }: SlotProps) {
  const t = useT();
  const isCancelled = task.state === 'cancelled';
  const isGone = task.state === 'done';
  return (
    <Middle className={clsx(!isCancelled && !isGone && 'bg-surface-2')}>
      {isGone ? (
        <p className="text-13 text-fg-3">{t('generate.slot.gone')}</p>
      ) : (
        <>
          <StateMark state={task.state} />
          <WaitLine
            task={task}
            run={{ is_paused: isPaused }}
            className="max-w-full text-12 break-words text-fg-3 tabular-nums"
          />
        </>
      )}
      {isCancelled && <RetryButton id={task.id} retry={actions.retryTask} />}
      {!isCancelled && !isGone && (
        <CancelButton id={task.id} look="ghost" cancel={actions.cancelTask} />
      )}
    </Middle>
  );
}

function RunningSlot({ task, usual, actions, index }: SlotProps) {
  const t = useT();
  const format = useFormat();
  const live = useProgress(task.id);
  const now = useNow(true);
  const share = live?.progress ?? task.progress;
  const partials = live?.partialCount ?? task.partial_count;
  const version = live?.partialVersion ?? task.partial_version;
  const elapsed = elapsedMs(task.started_at ?? task.created_at, now);
  const left = task.is_cancelling ? 0 : taskLeftMs(task, live, usual, now);
  const name = t('generate.slot.name', { index: index + 1 });
  return (
    <>
      {partials > 0 ? (
        <img
          src={partialUrl(task.id, partials - 1, version)}
          alt={t('generate.slot.partial')}
          onError={(event) => {
            // The task ended meanwhile; its picture or its end comes next.
            event.currentTarget.hidden = true;
          }}
          onLoad={(event) => {
            event.currentTarget.hidden = false;
          }}
          decoding="async"
          className="fade-in absolute inset-0 size-full object-cover"
        />
      ) : (
        <div aria-hidden className="sheen absolute inset-0 bg-surface-3" />
      )}
      <div
        className={clsx(
          'absolute flex items-center gap-2.5 tabular-nums',
          partials > 0
            ? 'inset-x-2 bottom-2 w-fit rounded-full bg-picture-scrim py-1 pr-3 pl-1 text-picture-fg'
            : 'inset-0 flex-col justify-center text-fg-2',
        )}
      >
        <ProgressRing
          share={share}
          label={name}
          size={partials > 0 ? 24 : 44}
          isOnPicture={partials > 0}
        />
        <span className="shrink-0 text-12">
          {left > 0
            ? t('generate.stage.left', { time: format.duration(left) })
            : share !== null
              ? `${format.number(share * 100)}%`
              : format.duration(elapsed)}
        </span>
        {live && live.steps > 0 && !task.is_cancelling && (
          <span
            className={clsx('max-w-full truncate text-12', partials === 0 && 'text-fg-3')}
            title={live.node}
          >
            {t('generate.slot.step', { step: live.step, steps: live.steps })}
          </span>
        )}
        {partials === 0 && !task.is_cancelling && (
          <StateMark state={task.state} className="!text-12" />
        )}
        {task.is_cancelling && (
          <span className="px-2 text-center text-12">{t('generate.slot.cancelling')}</span>
        )}
      </div>
      {!task.is_cancelling && (
        <CancelButton
          id={task.id}
          look={partials > 0 ? 'picture' : 'ghost'}
          cancel={actions.cancelTask}
        />
      )}
    </>
  );
}

/** Not drawn anew by the clock beside it. */
const CancelButton = memo(function CancelButton({
  id,
  look,
  cancel,
}: {
  id: string;
  look: 'ghost' | 'picture';
  cancel: (id: string) => void;
}) {
  const t = useT();
  return (
    <IconButton
      icon={X}
      label={t('generate.slot.cancel')}
      look={look}
      size="dense"
      className="absolute top-1.5 right-1.5"
      onClick={() => cancel(id)}
    />
  );
});

function FailedSlot({ task, actions, onEdit, width }: SlotProps) {
  const t = useT();
  const error = task.error;
  const isRoomy = width >= 220;
  return (
    <Middle className="rounded-8 outline-1 -outline-offset-1 outline outline-bad-solid/40">
      <CircleX size={20} strokeWidth={1.75} className="shrink-0 text-bad" aria-hidden />
      <p className="text-13 font-medium text-bad">{codeText(error?.code ?? 'internal', t)}</p>
      {error?.message && isRoomy && (
        <span className="max-w-full">
          <Quoted text={error.message} isCut className="line-clamp-4" />
        </span>
      )}
      <div className="mt-1 flex flex-wrap justify-center gap-1.5">
        {error?.next === 'open_provider' && (
          <LinkButton to="/settings/providers" height="dense">
            {t('generate.slot.openProvider')}
          </LinkButton>
        )}
        {error?.next === 'edit' && (
          <Button height="dense" onClick={onEdit}>
            {t('generate.slot.edit')}
          </Button>
        )}
        <RetryButton id={task.id} retry={actions.retryTask} />
      </div>
    </Middle>
  );
}

function HeldSlot({ task, actions }: SlotProps) {
  const whyNot = usePaidWait();
  return (
    <Middle className="rounded-8 outline-1 -outline-offset-1 outline outline-warn-solid/50">
      <HeldQuestion
        task={task}
        whyNot={whyNot}
        onAnswer={(answer) => actions.resolveTask(task, answer)}
      />
    </Middle>
  );
}

function TrashedSlot({ asset }: { asset: Asset }) {
  const t = useT();
  const { restore } = useAssetActions();
  return (
    <Middle>
      <Trash2 size={20} strokeWidth={1.5} className="text-fg-3" aria-hidden />
      <p className="text-13 text-fg-3">{t('generate.trashed')}</p>
      <Button height="dense" onClick={() => restore(asset)}>
        {t('generate.slot.restore')}
      </Button>
    </Middle>
  );
}

const recallIcons = { all: Copy, remix: Shuffle, prompt: TextQuote, seed: Dices, size: Ruler };

export function recallEntries(
  t: ReturnType<typeof useT>,
  recall: (what: Recall) => void,
): MenuEntry[] {
  return (['all', 'remix', 'prompt', 'seed', 'size'] as const).map((what) => ({
    label: t(`generate.recall.${what}`),
    icon: recallIcons[what],
    run: () => recall(what),
  }));
}

function DoneSlot({
  task,
  asset,
  index,
  width,
  onRecall,
  onCompare,
}: SlotProps & { asset: Asset }) {
  const t = useT();
  const navigate = useNavigate();
  const { star, trash } = useAssetActions();
  const addReferences = useDraft((state) => state.addReferences);
  const open = {
    to: '/library/$asset' as const,
    params: { asset: asset.id },
    search: { run: task.run_id },
  };
  const entries: MenuEntry[] = [
    { label: t('generate.slot.open'), icon: Maximize2, run: () => void navigate(open) },
    {
      label: t('generate.slot.reference'),
      icon: ImagePlus,
      run: () => addReferences([asset.id]),
    },
    {
      label: t(asset.is_starred ? 'generate.slot.unstar' : 'generate.slot.star'),
      icon: Star,
      run: () => star(asset),
    },
    {
      label: t('generate.slot.maskEdit'),
      icon: Brush,
      run: () => void navigate({ to: '/library/$asset/edit', params: { asset: asset.id } }),
    },
    { label: t('generate.slot.compare'), icon: Columns2, run: () => onCompare(asset.id) },
    'line',
    ...recallEntries(t, (what) => onRecall(asset.id, what)),
    'line',
    { label: t('generate.slot.trash'), icon: Trash2, isDanger: true, run: () => trash(asset) },
  ];
  const rail =
    'opacity-0 transition-opacity duration-100 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100';
  return (
    <ContextMenu entries={entries}>
      <div className="group absolute inset-0" data-asset={asset.id}>
        <Link
          {...open}
          aria-label={t('generate.slot.openNamed', { index: index + 1, prompt: task.prompt })}
          className="absolute inset-0 focus-on-picture !-outline-offset-2"
        >
          <Picture asset={asset} sizes={width} alt="" />
        </Link>
        {asset.is_starred && (
          <Star
            size={16}
            aria-label={t('generate.slot.starred')}
            className="absolute bottom-2 left-2 fill-picture-fg text-picture-fg drop-shadow"
          />
        )}
        <div className={clsx('absolute top-1.5 right-1.5 flex gap-1', rail)}>
          <IconButton
            icon={Star}
            look="picture"
            size="dense"
            label={t(asset.is_starred ? 'generate.slot.unstar' : 'generate.slot.star')}
            isFilled={asset.is_starred}
            onClick={() => star(asset)}
          />
          <IconButton
            icon={ImagePlus}
            look="picture"
            size="dense"
            label={t('generate.slot.reference')}
            onClick={() => addReferences([asset.id])}
          />
          <a
            href={downloadUrl(asset.id)}
            download
            aria-label={t('generate.slot.download')}
            title={t('generate.slot.download')}
            className="inline-flex size-7 items-center justify-center rounded-8 bg-picture-scrim text-picture-fg focus-on-picture hover:bg-picture-scrim-strong touch:size-11"
          >
            <Download size={16} strokeWidth={1.75} aria-hidden />
          </a>
          <Menu
            entries={entries}
            trigger={
              <IconButton
                icon={MoreHorizontal}
                look="picture"
                size="dense"
                label={t('common.more')}
              />
            }
          />
        </div>
      </div>
    </ContextMenu>
  );
}
