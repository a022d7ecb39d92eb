import clsx from 'clsx';
import { Grid2x2, Square } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import type { Asset, Run, Task } from '~/api/types';
import { bestGrid, type Grid, gridOf } from '~/lib/best-grid';
import { useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import { Picture } from '~/ui/picture';
import { Segments } from '~/ui/segments';
import { StateMark } from '~/ui/state-mark';
import type { useRunActions } from './actions';
import { type Recall, ratioOf } from './model';
import { Slot } from './slot';

const gap = 12;
const thumbSize = 56;
const stripHeight = thumbSize + 8;
const fits = 120; // the slider's least: no width of one's own, so that all fit

interface Place {
  key: string;
  task: Task;
  asset: Asset | undefined;
}

/** A place for each picture that is asked for, in its order. */
function placesOf(run: Run): Place[] {
  return run.tasks.flatMap((task) =>
    task.assets.length > 1
      ? task.assets.map((asset) => ({ key: asset.id, task, asset }))
      : [{ key: task.id, task, asset: task.assets[0] }],
  );
}

/** All of them, or one at a time, and how large. Nothing to choose while there is one alone. */
export function ResultsView({ run }: { run: Run }) {
  const t = useT();
  const { isOneShown, resultWidth, set } = usePreferences();
  if (placesOf(run).length < 2) return null;
  const width = Math.max(resultWidth, fits);
  return (
    <div className="flex items-center gap-3">
      {!isOneShown && (
        <input
          type="range"
          min={fits}
          max={720}
          step={40}
          value={width}
          aria-label={t('generate.stage.size')}
          aria-valuetext={width > fits ? `${width} px` : t('generate.stage.sizeFit')}
          onChange={(event) => {
            const next = Number(event.target.value);
            set({ resultWidth: next > fits ? next : 0 });
          }}
          className="slider w-20 shrink-0 max-lg:hidden"
        />
      )}
      <Segments
        label={t('generate.stage.view')}
        value={isOneShown ? 'one' : 'all'}
        onChange={(next) => set({ isOneShown: next === 'one' })}
        options={[
          { value: 'all', label: <Grid2x2 size={16} />, name: t('generate.stage.all') },
          { value: 'one', label: <Square size={16} />, name: t('generate.stage.one') },
        ]}
      />
    </div>
  );
}

export function Results({
  run,
  room,
  usual,
  ...verbs
}: {
  run: Run;
  room: { width: number; height: number };
  usual: number;
  actions: ReturnType<typeof useRunActions>;
  onEdit: () => void;
  onRecall: (assetId: string, what: Recall) => void;
  onCompare: (assetId: string) => void;
}) {
  const { isOneShown, resultWidth } = usePreferences();
  const places = placesOf(run);
  const first = places[0];
  if (!first) return null;
  const ratio = ratioOf(first.task, first.asset);
  const draw = ({ task, asset }: Place, index: number, grid: Grid) => (
    <Slot
      task={task}
      asset={asset}
      index={index}
      width={grid.width}
      isPaused={run.is_paused}
      usual={task.model === run.tasks[0]?.model ? usual : 0}
      {...verbs}
    />
  );
  if (isOneShown && places.length > 1) {
    const left = { width: room.width, height: room.height - stripHeight - gap };
    return (
      <One
        key={run.id}
        places={places}
        draw={(at, i) => draw(at, i, bestGrid(1, ratio, left, gap, 200))}
      />
    );
  }
  const grid =
    resultWidth > fits && places.length > 1
      ? gridOf(places.length, ratio, room.width, gap, resultWidth)
      : bestGrid(places.length, ratio, room, gap, 200);
  return (
    <ul
      className="m-auto grid gap-3"
      style={{ gridTemplateColumns: `repeat(${grid.columns}, ${grid.width}px)` }}
    >
      {places.map((place, index) => (
        <li key={place.key}>{draw(place, index, grid)}</li>
      ))}
    </ul>
  );
}

/** One large, the others in a strip below; the arrows go on. */
function One({
  places,
  draw,
}: {
  places: Place[];
  draw: (place: Place, index: number) => ReactNode;
}) {
  const t = useT();
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, places.length - 1);
  const shown = places[at];
  const walk = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const next = Math.max(0, Math.min(places.length - 1, at + step));
    event.preventDefault();
    setChosen(next);
    event.currentTarget.querySelectorAll('button')[next]?.focus();
  };
  return (
    <div className="m-auto flex max-w-full flex-col items-center gap-3">
      {shown && draw(shown, at)}
      <nav
        aria-label={t('generate.stage.strip')}
        onKeyDown={walk}
        className="flex max-w-full gap-1.5 overflow-x-auto p-1 [scrollbar-width:none]"
      >
        {places.map(({ key, task, asset }, index) => (
          <button
            key={key}
            type="button"
            tabIndex={index === at ? 0 : -1}
            aria-label={t('generate.slot.name', { index: index + 1 })}
            aria-current={index === at || undefined}
            onClick={() => setChosen(index)}
            className={clsx(
              'flex size-14 shrink-0 items-center justify-center overflow-hidden rounded-6 bg-surface focus-on-picture transition-opacity duration-100',
              index === at
                ? 'outline-2 outline-accent outline-offset-1 outline'
                : 'opacity-70 hover:opacity-100',
            )}
          >
            {asset && !asset.trashed_at ? (
              <Picture asset={asset} sizes={thumbSize} alt="" />
            ) : (
              <StateMark state={task.state} isIconOnly />
            )}
          </button>
        ))}
      </nav>
    </div>
  );
}
