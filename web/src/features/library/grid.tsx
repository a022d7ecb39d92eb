import clsx from 'clsx';
import {
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { AssetSort } from '~/api/queries';
import type { Asset } from '~/api/types';
import { useT } from '~/lib/i18n';
import { phone, useMedia } from '~/lib/media';
import { usePreferences } from '~/lib/preferences';
import { follow, heightMax, type Place, topOf } from '~/lib/scaled-scroll';
import { useSize } from '~/lib/use-size';
import { ContextMenu } from '~/ui/menu';
import type { BulkVerb } from './bulk-bar';
import { useDragBox } from './drag-box';
import {
  dayHeight,
  estimateHeight,
  heirOf,
  isChoosing,
  isChosen,
  type Layout,
  moveVertically,
  noSelection,
  type Section,
  type Selection,
  sectionAt,
  stack,
  toggle,
} from './model';
import { Scrubber } from './scrubber';
import { DaySection, gap } from './section';
import { useTileLabels } from './tile';
import { chosenMenu, type TileVerbs, tileMenu } from './tile-menu';
import { useChoosing } from './use-choosing';

/** What is drawn changes by steps: a frame of scrolling costs nothing in between. */
const step = 256;
const footRoom = 88;
/** px a millisecond above which pictures are colours */
const passing = 4;

/** The menu of what the button stands on, below it. */
function openMenu(button: Element) {
  const { left, bottom } = button.getBoundingClientRect();
  button.dispatchEvent(
    new MouseEvent('contextmenu', {
      bubbles: true,
      cancelable: true,
      clientX: left,
      clientY: bottom,
    }),
  );
}

export interface GridHandle {
  find: (id: string) => Asset | undefined;
  /** Scrolls to a picture of that time and gives it the focus when it is there. */
  reveal: (id: string, createdAt: string) => void;
}

interface GridProps {
  ref: Ref<GridHandle>;
  sections: readonly Section[];
  sort: AssetSort;
  isStale: boolean;
  selection: Selection;
  /** a tap selects also while nothing is selected yet */
  isSelecting: boolean;
  onSelect: (selection: Selection) => void;
  onGone: (ids: string[]) => void;
  focused: string;
  onFocus: (id: string) => void;
  verbs: TileVerbs;
  /** of all that is selected, when that is more than one picture */
  chosenVerbs: readonly BulkVerb[] | null;
  isTrash: boolean;
  canWrite: boolean;
}

/** Days of justified rows: arrows move, Shift ranges, Space ticks, Enter opens. */
export function Grid(props: GridProps) {
  const { sections, sort, selection, onSelect, onGone, focused, onFocus, verbs } = props;
  const t = useT();
  const isPhone = useMedia(phone);
  const tileSize = usePreferences((state) => state.tileSize);
  const [roomRef, room] = useSize();
  const target = isPhone ? 120 : tileSize;
  const width = room.width;
  const view = room.height || 1;

  // What is known of each section; of one that was left its height stays.
  const layouts = useRef(new Map<string, Layout>());
  const heights = useRef(new Map<string, number>());
  const [version, setVersion] = useState(0);
  const shape = `${width} ${target}`;
  const lastShape = useRef(shape);
  if (lastShape.current !== shape) {
    lastShape.current = shape;
    heights.current.clear();
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the heights
  const tops = useMemo(
    () =>
      stack(
        sections.map(
          ({ key, day, count }) =>
            heights.current.get(key) ??
            (day ? dayHeight : 0) + estimateHeight(count, width, target, gap),
        ),
      ),
    [sections, width, target, version],
  );
  const total = (tops.at(-1) ?? 0) + footRoom;

  const scroller = useRef<HTMLDivElement | null>(null);
  const scrollerRef = useCallback(
    (element: HTMLDivElement | null) => {
      scroller.current = element;
      return roomRef(element);
    },
    [roomRef],
  );
  const labels = useTileLabels();
  const place = useRef<Place>({ top: 0, virtual: 0 });
  const [shown, setShown] = useState({ virtual: 0, shift: 0, isPassing: false });
  const anchor = useRef({ key: '', id: '', offset: 0 });
  const pending = useRef<string>('');
  const lastScroll = useRef({ at: 0, virtual: 0, timer: 0 });

  const show = useCallback((isPassing: boolean) => {
    const { top, virtual } = place.current;
    const next = { virtual: Math.floor(virtual / step) * step, shift: top - virtual, isPassing };
    setShown((before) =>
      before.virtual === next.virtual &&
      before.shift === next.shift &&
      before.isPassing === next.isPassing
        ? before
        : next,
    );
  }, []);

  /** The topmost picture that is seen stays where it is, whatever comes or goes above it. */
  const hold = useCallback(() => {
    const { virtual } = place.current;
    const at = sectionAt(tops, virtual);
    const key = sections[at]?.key ?? '';
    const inside = virtual - (tops[at] ?? 0);
    const layout = layouts.current.get(key);
    const row = layout?.rows.find((one) => one.y + one.height > inside);
    anchor.current = {
      key,
      id: row ? (layout?.assets[row.start]?.id ?? '') : '',
      offset: inside - (row?.y ?? 0),
    };
  }, [sections, tops]);

  const scrollTo = useCallback(
    (virtual: number) => {
      const element = scroller.current;
      if (!element) return;
      const to = Math.min(Math.max(0, total - view), Math.max(0, virtual));
      place.current = { top: Math.round(topOf(to, total, view)), virtual: to };
      element.scrollTop = place.current.top;
      hold();
      show(false);
    },
    [total, view, hold, show],
  );

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    place.current = follow(place.current, element.scrollTop, total, view);
    const now = performance.now();
    const last = lastScroll.current;
    const speed = Math.abs(place.current.virtual - last.virtual) / Math.max(1, now - last.at);
    window.clearTimeout(last.timer);
    lastScroll.current = {
      at: now,
      virtual: place.current.virtual,
      timer: window.setTimeout(() => {
        // At rest the scaled bar goes where it belongs.
        if (total > heightMax) scrollTo(place.current.virtual);
        else show(false);
      }, 120),
    };
    hold();
    show(speed > passing && now - last.at < 100);
  };
  useEffect(() => () => window.clearTimeout(lastScroll.current.timer), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the geometry
  useLayoutEffect(() => {
    const element = scroller.current;
    const { key, id, offset } = anchor.current;
    if (!element || place.current.virtual <= 0) return;
    const at = sections.findIndex((section) => section.key === key);
    if (at < 0) return;
    const layout = layouts.current.get(key);
    const index = id ? (layout?.assets.findIndex((asset) => asset.id === id) ?? -1) : -1;
    const row = layout?.rows.find((one) => index >= one.start && index < one.end);
    if (id && !row) return;
    const wanted = (tops[at] ?? 0) + (row?.y ?? 0) + offset;
    if (Math.abs(wanted - place.current.virtual) > 0.5) scrollTo(wanted);
  }, [tops]);

  const latest = useRef({ focused, sections, onFocus });
  latest.current = { focused, sections, onFocus };
  const focusTile = (id: string) =>
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-open="${id}"]`)?.focus(),
    );
  /** The one beside takes the focus of a picture that left the list, also the browser's. */
  const inherit = useRef((gone: readonly string[], assets: readonly Asset[], of: string) => {
    const order = latest.current.sections.flatMap(({ key }) =>
      key === of ? assets : (layouts.current.get(key)?.assets ?? []),
    );
    const heir = heirOf(
      order.map(({ id }) => id),
      gone,
      latest.current.focused,
    );
    latest.current.onFocus(heir);
    if (heir && document.activeElement === document.body) focusTile(heir);
  }).current;

  const onLayout = useCallback(
    (key: string, layout: Layout | null) => {
      const before = layouts.current.get(key);
      if (!layout) {
        layouts.current.delete(key);
        return;
      }
      layouts.current.set(key, layout);
      if (before && before.assets !== layout.assets) {
        const now = new Set(layout.assets.map((asset) => asset.id));
        const gone = before.assets.filter(({ id }) => !now.has(id)).map(({ id }) => id);
        if (gone.length > 0) onGone(gone);
        if (gone.includes(latest.current.focused)) inherit(gone, before.assets, key);
      }
      if (heights.current.get(key) !== layout.height || before?.assets !== layout.assets) {
        heights.current.set(key, layout.height);
        setVersion((one) => one + 1);
      }
    },
    [onGone, inherit],
  );

  const whereIs = useCallback(
    (id: string) => {
      for (let at = 0; at < sections.length; at++) {
        const layout = layouts.current.get(sections[at]?.key ?? '');
        const index = layout ? layout.assets.findIndex((asset) => asset.id === id) : -1;
        if (layout && index >= 0) return { at, index, layout };
      }
      return null;
    },
    [sections],
  );
  const find = useCallback(
    (id: string): Asset | undefined => {
      const found = id ? whereIs(id) : null;
      return found?.layout.assets[found.index];
    },
    [whereIs],
  );

  const bringIntoView = (id: string) => {
    const found = whereIs(id);
    const row = found?.layout.rows.find((one) => found.index >= one.start && found.index < one.end);
    if (!found || !row) return false;
    const y = (tops[found.at] ?? 0) + row.y;
    const { virtual } = place.current;
    if (y < virtual + 8) scrollTo(y - (row.y <= dayHeight ? dayHeight : 8));
    else if (y + row.height > virtual + view - 8) scrollTo(y + row.height - view + 16);
    return true;
  };
  const focusOn = (id: string) => {
    onFocus(id);
    if (bringIntoView(id)) focusTile(id);
  };
  // What was asked for before it was loaded: the first, the last, or one of them.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each change of the geometry
  useEffect(() => {
    if (!pending.current) return;
    const edge = pending.current === 'first' ? sections[0] : sections.at(-1);
    const layout = layouts.current.get(edge?.key ?? '');
    const isEdge = pending.current === 'first' || pending.current === 'last';
    const asset =
      pending.current === 'first'
        ? layout?.assets[0]
        : layout?.isWhole
          ? layout.assets.at(-1)
          : undefined;
    const id = isEdge ? asset?.id : pending.current;
    if (!id || !find(id)) {
      if (pending.current === 'last') scrollTo(total);
      return;
    }
    pending.current = '';
    focusOn(id);
  }, [tops]);

  const reveal = (id: string, createdAt: string) => {
    if (find(id)) {
      focusOn(id);
      return;
    }
    const at = sections.findIndex(
      ({ filter }) => filter.from && filter.to && createdAt >= filter.from && createdAt < filter.to,
    );
    if (at < 0) return;
    onFocus(id);
    pending.current = id;
    scrollTo(tops[at] ?? 0);
  };
  useImperativeHandle(props.ref, () => ({ find, reveal }));

  const { runOf, chooseRange, tick } = useChoosing({
    sections,
    layouts,
    sort,
    sectionOf: (id) => whereIs(id)?.at ?? -1,
    selection,
    onSelect,
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !focused) return;
    // Covered by the viewer, a tile keeps the focus for a frame: a quick key is the viewer's.
    if (event.currentTarget.closest('[inert]')) return;
    if (event.key === 'Home' || event.key === 'End') {
      pending.current = event.key === 'Home' ? 'first' : 'last';
      scrollTo(event.key === 'Home' ? 0 : total);
      setVersion((one) => one + 1);
      event.preventDefault();
      return;
    }
    const { lines, assets } = runOf(focused);
    const at = assets.findIndex((asset) => asset.id === focused);
    if (at < 0) return;
    const steps: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: moveVertically(lines, at, -1),
      ArrowDown: moveVertically(lines, at, 1),
    };
    const to = steps[event.key];
    const next =
      to === undefined ? undefined : assets[Math.min(assets.length - 1, Math.max(0, to))];
    if (next) {
      focusOn(next.id);
      if (event.shiftKey) {
        const base = selection.anchor ? selection : toggle(selection, focused);
        void chooseRange(base, next.id);
      }
    } else if (event.key === ' ') tick(focused);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const element = event.target as Element;
    const id = element.closest<HTMLElement>('[data-tile]')?.dataset.tile;
    const asset = id ? find(id) : undefined;
    if (!asset) return;
    onFocus(asset.id);
    const verb = element.closest<HTMLElement>('[data-verb]')?.dataset.verb;
    if (event.shiftKey) void chooseRange(selection, asset.id);
    else if (element.closest('[data-tick]') || event.ctrlKey || event.metaKey) tick(asset.id);
    else if (verb === 'star') verbs.star(asset);
    else if (verb === 'reference') verbs.reference(asset);
    else if (verb === 'download') verbs.download(asset);
    else if (verb === 'restore') verbs.trash(asset);
    else if (verb === 'more') openMenu(element);
    else if (element.closest('[data-open]')) {
      if (props.isSelecting || isChoosing(selection)) tick(asset.id);
      else verbs.open(asset);
    }
  };

  const { onMouseDown, drawn } = useDragBox({
    scroller,
    place,
    layouts,
    sections,
    tops,
    view,
    selection,
    onSelect,
    scrollTo,
  });

  const current = find(focused);
  const entries = current
    ? props.chosenVerbs && isChosen(selection, current.id)
      ? chosenMenu(t, props.chosenVerbs, () => onSelect(noSelection))
      : tileMenu(t, current, verbs, { ...props, tick: () => tick(current.id) })
    : [];

  // Loaded within two screens, drawn a little beyond the view.
  const near = useMemo(() => {
    if (width <= 0) return [];
    const from = sectionAt(tops, Math.max(0, shown.virtual - 2 * view));
    const to = sectionAt(tops, shown.virtual + 3 * view + step);
    return sections.slice(from, to + 1).map((section, index) => ({ section, at: from + index }));
  }, [sections, tops, shown.virtual, view, width]);
  const firstShown = near.find(({ section }) => layouts.current.get(section.key)?.assets[0]);
  const tabStop =
    current?.id ?? layouts.current.get(firstShown?.section.key ?? '')?.assets[0]?.id ?? '';

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <ContextMenu
        entries={entries}
        onOpen={(target) => {
          const id = target.closest<HTMLElement>('[data-tile]')?.dataset.tile;
          if (id) onFocus(id);
          return Boolean(id);
        }}
      >
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled on the grid within */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: clicks are delegated from the tiles */}
        <div
          ref={scrollerRef}
          data-library-scroller
          className={clsx(
            'min-h-0 flex-1 select-none overflow-y-auto pr-8 pl-4 transition-opacity duration-200 [overflow-anchor:none] max-md:pl-2',
            sort !== 'rating' && '[scrollbar-width:none]',
            props.isStale && 'opacity-60 delay-[400ms]',
          )}
          onScroll={onScroll}
          onClick={onClick}
          onMouseDown={onMouseDown}
        >
          <div
            role="grid"
            aria-label={t('library.grid')}
            aria-multiselectable
            aria-rowcount={-1}
            tabIndex={-1}
            onKeyDown={onKeyDown}
            className="relative w-full overflow-hidden"
            style={{ height: Math.min(heightMax, total) }}
          >
            {near.map(({ section, at }) => {
              const top = tops[at] ?? 0;
              const isDrawn =
                (tops[at + 1] ?? 0) > shown.virtual - view / 2 &&
                top < shown.virtual + 1.5 * view + step;
              return (
                <DaySection
                  key={JSON.stringify(section.filter)}
                  section={section}
                  sort={sort}
                  top={top + shown.shift}
                  width={width}
                  target={target}
                  from={isDrawn ? shown.virtual - view / 2 - top : 0}
                  to={isDrawn ? shown.virtual + 1.5 * view + step - top : 0}
                  view={view}
                  isPassing={shown.isPassing}
                  selection={selection}
                  isSelecting={props.isSelecting}
                  tabStop={tabStop}
                  isTrash={props.isTrash}
                  labels={labels}
                  canWrite={props.canWrite}
                  onFocus={onFocus}
                  onLayout={onLayout}
                />
              );
            })}
          </div>
        </div>
      </ContextMenu>
      {drawn}
      {sort !== 'rating' && total > 2 * view && (
        <Scrubber
          sections={sections}
          tops={tops}
          virtual={place.current.virtual}
          view={view}
          onJump={scrollTo}
        />
      )}
    </div>
  );
}
