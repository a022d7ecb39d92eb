import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useCanGoBack, useNavigate, useRouter } from '@tanstack/react-router';
import clsx from 'clsx';
import {
  ArrowLeftRight,
  Columns2,
  FlipHorizontal2,
  Info,
  SplitSquareHorizontal,
  X,
} from 'lucide-react';
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { assetQuery, assetsQuery, zoneMin } from '~/api/queries';
import type { AssetDetail } from '~/api/types';
import { useT } from '~/lib/i18n';
import { narrow, phone, useMedia } from '~/lib/media';
import { usePreferences } from '~/lib/preferences';
import { type CompareMode, compareModes } from '~/lib/search';
import { useCommands } from '~/lib/use-commands';
import { useZoomPan, type ZoomPan } from '~/lib/use-zoom-pan';
import { announce } from '~/ui/announce';
import { IconButton } from '~/ui/button';
import { Columns } from '~/ui/columns';
import { Sheet } from '~/ui/lazy';
import { useTitle } from '~/ui/page';
import { Segments } from '~/ui/segments';
import { ErrorState, Skeleton } from '~/ui/states';
import { compareCommands } from './commands';
import { clampDivider, nextMode } from './compare-model';
import { ComparePanel } from './compare-panel';
import { Filmstrip } from './filmstrip';
import { filterOf } from './model';
import { ZoomBar, ZoomPicture } from './zoom-stage';

const route = getRouteApi('/frame/library/$asset/compare/$other');
const listRoute = getRouteApi('/frame/library');

/** Two pictures over each other, beside each other or in turn; they are looked at with one view. */
export function Compare() {
  const t = useT();
  const navigate = useNavigate();
  const router = useRouter();
  const canGoBack = useCanGoBack();
  const { asset: a, other: b } = route.useParams();
  const mode = route.useSearch().mode ?? 'slider';
  const search = listRoute.useSearch();
  const isNarrow = useMedia(narrow);
  const { isPanelOpen, set } = usePreferences();
  const [isSheetOpen, setSheetOpen] = useState(false);
  const [divider, setDivider] = useState(50);
  const [isOtherShown, setOtherShown] = useState(false);
  useTitle(t('library.compare.title'));
  const head = useRef<HTMLHeadingElement>(null);
  const infoButton = useRef<HTMLButtonElement>(null);
  // Whoever came by key stood in the list, which is out of reach now.
  useEffect(() => head.current?.focus({ preventScroll: true }), []);

  const first = useQuery(assetQuery(a));
  const second = useQuery(assetQuery(b));
  const list = useInfiniteQuery(assetsQuery(filterOf(search, zoneMin), search.sort ?? 'newest'));
  const assets = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);

  const zoom = useZoomPan({
    width: first.data?.width_px || 1024,
    height: first.data?.height_px || 1024,
  });
  const go = (asset: string, other: string, next: CompareMode) =>
    void navigate({
      to: '/library/$asset/compare/$other',
      params: { asset, other },
      search: { ...search, mode: next === 'slider' ? undefined : next },
      replace: true,
    });
  const leave = () => {
    if (canGoBack) router.history.back();
    else void navigate({ to: '/library', search, replace: true });
  };
  const show = (isOther: boolean) => {
    setOtherShown(isOther);
    announce(t(isOther ? 'library.compare.showsB' : 'library.compare.showsA'));
  };
  const step = (by: number) => {
    if (mode === 'flip') show(by > 0);
    else if (zoom.isZoomed) zoom.pan(-24 * by, 0);
    else if (mode === 'slider') setDivider(clampDivider(divider + by));
  };
  useCommands([
    { ...compareCommands.mode, run: () => go(a, b, nextMode(mode)) },
    { ...compareCommands.swap, run: () => go(b, a, mode) },
    { ...compareCommands.flip, when: () => mode === 'flip', run: () => show(!isOtherShown) },
    { ...compareCommands.left, run: () => step(-5) },
    { ...compareCommands.right, run: () => step(5) },
    {
      ...compareCommands.info,
      run: () => (isNarrow ? setSheetOpen(!isSheetOpen) : set({ isPanelOpen: !isPanelOpen })),
    },
    { ...compareCommands.fit, run: zoom.fit },
    { ...compareCommands.actual, run: () => zoom.zoomTo(1) },
    { ...compareCommands.zoomIn, run: () => zoom.zoomBy(1.5) },
    { ...compareCommands.zoomOut, run: () => zoom.zoomBy(1 / 1.5) },
    { ...compareCommands.close, run: leave },
  ]);

  const error = first.error ?? second.error;
  const pair = first.data && second.data ? { a: first.data, b: second.data } : null;
  const panel = pair && <ComparePanel a={pair.a} b={pair.b} />;
  return (
    <section
      aria-label={t('library.compare.title')}
      className="fade-in fixed inset-0 z-30 flex flex-col bg-canvas"
    >
      <header className="flex min-h-12 shrink-0 items-center gap-1 border-line border-b bg-surface px-2">
        <IconButton icon={X} label={t('library.command.close')} keys="Escape" onClick={leave} />
        <h1
          ref={head}
          tabIndex={-1}
          className="min-w-0 flex-1 truncate px-2 text-13 font-medium max-md:sr-only"
        >
          {t('library.compare.title')}
        </h1>
        <Segments
          label={t('library.compare.mode')}
          value={mode}
          onChange={(next) => go(a, b, next)}
          className="max-md:flex-1"
          options={compareModes.map((value) => {
            const Icon = { slider: SplitSquareHorizontal, side: Columns2, flip: FlipHorizontal2 }[
              value
            ];
            return {
              value,
              name: t(`library.compare.${value}`),
              label: (
                <>
                  <Icon size={16} strokeWidth={1.75} aria-hidden />
                  <span className="max-md:hidden">{t(`library.compare.${value}`)}</span>
                </>
              ),
            };
          })}
        />
        <IconButton
          icon={ArrowLeftRight}
          label={t('library.compare.swap')}
          keys="X"
          onClick={() => go(b, a, mode)}
        />
        <IconButton
          ref={infoButton}
          icon={Info}
          label={t('library.compare.differences')}
          keys="I"
          isActive={isNarrow ? isSheetOpen : isPanelOpen}
          onClick={() =>
            isNarrow ? setSheetOpen(!isSheetOpen) : set({ isPanelOpen: !isPanelOpen })
          }
        />
      </header>
      <Columns
        right={
          !isNarrow && isPanelOpen
            ? {
                name: 'details',
                label: t('library.compare.differences'),
                onClose: () => {
                  set({ isPanelOpen: false });
                  infoButton.current?.focus();
                },
                content: (
                  <div
                    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too
                    tabIndex={0}
                    className="min-h-0 flex-1 overflow-y-auto -outline-offset-2"
                  >
                    {panel}
                  </div>
                ),
              }
            : undefined
        }
      >
        <div className="flex min-w-0 flex-1 flex-col">
          {error && !pair ? (
            <ErrorState
              error={error}
              onRetry={() => {
                void first.refetch();
                void second.refetch();
              }}
            />
          ) : !pair ? (
            <Skeleton className="m-4 flex-1" />
          ) : mode === 'side' ? (
            <SideBySide {...pair} zoom={zoom} />
          ) : mode === 'flip' ? (
            <Flip {...pair} zoom={zoom} isOther={isOtherShown} onFlip={() => show(!isOtherShown)} />
          ) : (
            <Slider {...pair} zoom={zoom} divider={divider} onDivide={setDivider} />
          )}
          {assets.length > 1 && (
            <Filmstrip
              assets={assets}
              current={b}
              label={t('library.compare.choose')}
              onShow={(asset) => asset.id !== a && go(a, asset.id, mode)}
            />
          )}
        </div>
      </Columns>
      {isNarrow && (
        <Sheet
          isOpen={isSheetOpen}
          onClose={() => setSheetOpen(false)}
          title={t('library.compare.differences')}
          side="bottom"
        >
          {panel}
        </Sheet>
      )}
    </section>
  );
}

interface StageProps {
  a: AssetDetail;
  b: AssetDetail;
  zoom: ZoomPan;
}

const room = 'relative min-h-0 min-w-0 flex-1 touch-none overflow-hidden';

function cursor(zoom: ZoomPan) {
  return zoom.isZoomed ? (zoom.isDragging ? 'cursor-grabbing' : 'cursor-grab') : '';
}

function Mark({ letter, className }: { letter: 'A' | 'B'; className: string }) {
  return (
    <span
      aria-hidden
      className={clsx(
        'pointer-events-none absolute rounded-full bg-picture-scrim px-2.5 py-0.5 text-12 font-semibold text-picture-fg',
        className,
      )}
    >
      {letter}
    </span>
  );
}

function useNames({ a, b }: Pick<StageProps, 'a' | 'b'>) {
  const t = useT();
  return {
    a: t('library.compare.nameA', { name: a.name || t('library.picture') }),
    b: t('library.compare.nameB', { name: b.name || t('library.picture') }),
  };
}

function Slider({
  a,
  b,
  zoom,
  divider,
  onDivide,
}: StageProps & { divider: number; onDivide: (percent: number) => void }) {
  const t = useT();
  const names = useNames({ a, b });
  const box = useRef<HTMLDivElement>(null);
  const isHeld = useRef(false);
  const follow = (event: PointerEvent) => {
    const rectangle = box.current?.getBoundingClientRect();
    if (!isHeld.current || !rectangle?.width) return;
    onDivide(clampDivider(((event.clientX - rectangle.left) / rectangle.width) * 100));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.shiftKey ? 10 : 1;
    const next = {
      ArrowLeft: divider - by,
      ArrowDown: divider - by,
      ArrowRight: divider + by,
      ArrowUp: divider + by,
      PageDown: divider - 10,
      PageUp: divider + 10,
      Home: 0,
      End: 100,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onDivide(clampDivider(next));
  };
  return (
    <div ref={box} className={clsx(room, 'flex')}>
      <div ref={zoom.stageRef} className={clsx(room, cursor(zoom))} {...zoom.handlers}>
        {zoom.room.width > 0 && (
          <>
            <ZoomPicture key={a.id} asset={a} zoom={zoom} alt={names.a} />
            <div
              className="absolute inset-0 bg-canvas"
              style={{ clipPath: `inset(0 0 0 ${divider}%)` }}
            >
              <ZoomPicture key={b.id} asset={b} zoom={zoom} alt={names.b} />
            </div>
          </>
        )}
        <Mark letter="A" className="top-3 left-3" />
        <Mark letter="B" className="top-3 right-3" />
        <ZoomBar zoom={zoom} className="absolute right-3 bottom-3 max-md:hidden" />
      </div>
      <div
        role="slider"
        tabIndex={0}
        aria-label={t('library.compare.divider')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(divider)}
        aria-valuetext={t('library.compare.dividerAt', { value: Math.round(divider) })}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          isHeld.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
          follow(event);
        }}
        onPointerMove={follow}
        onPointerUp={() => {
          isHeld.current = false;
        }}
        onPointerCancel={() => {
          isHeld.current = false;
        }}
        className="group absolute inset-y-0 z-10 w-11 -translate-x-1/2 cursor-ew-resize touch-none outline-none"
        style={{ left: `${divider}%` }}
      >
        <span
          aria-hidden
          className="absolute inset-y-0 left-1/2 w-0.5 -translate-x-1/2 bg-picture-fg shadow-2"
        />
        <span
          aria-hidden
          className="absolute top-1/2 left-1/2 flex size-9 -translate-x-1/2 -translate-y-1/2 items-center justify-center rounded-full bg-surface text-fg shadow-2 outline outline-line-ctl group-focus-visible:outline-2 group-focus-visible:outline-accent group-focus-visible:outline-offset-2"
        >
          <ArrowLeftRight size={16} strokeWidth={1.75} />
        </span>
      </div>
    </div>
  );
}

function SideBySide({ a, b, zoom }: StageProps) {
  const names = useNames({ a, b });
  const isPhone = useMedia(phone);
  return (
    <div className={clsx('flex min-h-0 flex-1 gap-px bg-line', isPhone && 'flex-col')}>
      <div ref={zoom.stageRef} className={clsx(room, 'bg-canvas', cursor(zoom))} {...zoom.handlers}>
        {zoom.room.width > 0 && <ZoomPicture key={a.id} asset={a} zoom={zoom} alt={names.a} />}
        <Mark letter="A" className="top-3 left-3" />
      </div>
      <div
        ref={zoom.listenToWheel}
        className={clsx(room, 'bg-canvas', cursor(zoom))}
        {...zoom.handlers}
      >
        {zoom.room.width > 0 && <ZoomPicture key={b.id} asset={b} zoom={zoom} alt={names.b} />}
        <Mark letter="B" className="top-3 left-3" />
        <ZoomBar zoom={zoom} className="absolute right-3 bottom-3 max-md:hidden" />
      </div>
    </div>
  );
}

function Flip({
  a,
  b,
  zoom,
  isOther,
  onFlip,
}: StageProps & { isOther: boolean; onFlip: () => void }) {
  const t = useT();
  const names = useNames({ a, b });
  return (
    <div ref={zoom.stageRef} className={clsx(room, cursor(zoom))} {...zoom.handlers}>
      {zoom.room.width > 0 && (
        <>
          {/* Both are there, so that turning one over waits for nothing. */}
          <div className="absolute inset-0" hidden={isOther}>
            <ZoomPicture key={a.id} asset={a} zoom={zoom} alt={names.a} />
          </div>
          <div className="absolute inset-0" hidden={!isOther}>
            <ZoomPicture key={b.id} asset={b} zoom={zoom} alt={names.b} />
          </div>
        </>
      )}
      <Mark letter={isOther ? 'B' : 'A'} className="top-3 left-3" />
      <button
        type="button"
        onPointerDown={(event) => event.stopPropagation()}
        onClick={onFlip}
        className="absolute bottom-3 left-1/2 inline-flex h-9 -translate-x-1/2 items-center gap-2 rounded-full bg-picture-scrim px-4 text-13 font-medium text-picture-fg focus-on-picture hover:bg-picture-scrim-strong touch:h-11"
      >
        <FlipHorizontal2 size={16} strokeWidth={1.75} aria-hidden />
        {t(isOther ? 'library.compare.showA' : 'library.compare.showB')}
      </button>
      <ZoomBar zoom={zoom} className="absolute right-3 bottom-3 max-md:hidden" />
    </div>
  );
}
