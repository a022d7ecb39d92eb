import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, useCanGoBack, useNavigate, useRouter } from '@tanstack/react-router';
import {
  Brush,
  ChevronLeft,
  ChevronRight,
  Columns2,
  Download,
  ImagePlus,
  Info,
  MoreHorizontal,
  RotateCcw,
  Star,
  Trash2,
  X,
} from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { assetUrl, downloadUrl } from '~/api/files';
import { assetQuery, assetsQuery, meQuery, zoneMin } from '~/api/queries';
import type { Asset } from '~/api/types';
import { otherOf } from '~/lib/compare';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { narrow, phone, useMedia } from '~/lib/media';
import { usePreferences } from '~/lib/preferences';
import { useCommands } from '~/lib/use-commands';
import { Boundary } from '~/ui/boundary';
import { IconButton } from '~/ui/button';
import { Columns } from '~/ui/columns';
import { Sheet } from '~/ui/lazy';
import { Menu } from '~/ui/menu';
import { useTitle } from '~/ui/page';
import { ErrorState } from '~/ui/states';
import { Tip } from '~/ui/tip';
import { useLibraryActions } from './actions';
import { ratingCommands, recallCommands, viewerCommands } from './commands';
import { Filmstrip } from './filmstrip';
import { filterOf } from './model';
import { Panel } from './panel';
import { type ZoomHandle, ZoomStage } from './zoom-stage';

const route = getRouteApi('/frame/library/$asset');
const listRoute = getRouteApi('/frame/library');
const TagDialog = late(() => import('./tag-dialog').then((file) => file.TagDialog));
const rates = ratingCommands('viewer');

/** One picture over the list it came from: zoom, neighbours, the whole recipe, the verbs. */
export function Viewer() {
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate();
  const router = useRouter();
  const canGoBack = useCanGoBack();
  const { asset: id } = route.useParams();
  const search = listRoute.useSearch();
  const isNarrow = useMedia(narrow);
  const isPhone = useMedia(phone);
  const infoButton = useRef<HTMLButtonElement>(null);
  const { isPanelOpen, set } = usePreferences();
  const [isSheetOpen, setSheetOpen] = useState(false);
  const [isTagging, setTagging] = useState(false);
  const zoom = useRef<ZoomHandle>(null);
  const actions = useLibraryActions();
  const { data: me } = useQuery(meQuery);
  const canWrite = me?.role !== 'viewer';

  const filter = useMemo(() => filterOf(search, zoneMin), [search]);
  const list = useInfiniteQuery(assetsQuery(filter, search.sort ?? 'newest'));
  const assets = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const detail = useQuery(assetQuery(id));
  const at = assets.findIndex((asset) => asset.id === id);
  const asset: Asset | undefined = assets[at] ?? detail.data;
  useTitle(asset?.name || t('library.picture'));

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (at >= 0 && at >= assets.length - 5 && hasNextPage && !isFetchingNextPage) {
      void fetchNextPage();
    }
  }, [at, assets.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  // What comes next is there before it is asked for.
  const neighbours = [assets[at + 1], assets[at - 1]].map((one) => (at < 0 ? '' : (one?.id ?? '')));
  const [after = '', before = ''] = neighbours;
  useEffect(() => {
    for (const near of [after, before]) {
      if (near) new Image().src = assetUrl(near, 'preview');
    }
  }, [after, before]);

  const show = (next: Asset | undefined) => {
    if (!next) return;
    void navigate({
      to: '/library/$asset',
      params: { asset: next.id },
      search,
      replace: true,
    });
  };
  const leave = () => {
    if (canGoBack) router.history.back();
    else void navigate({ to: '/library', search, replace: true });
  };
  const recall = (what: string) => void navigate({ to: '/generate', search: { recall: id, what } });
  const other = otherOf(
    id,
    detail.data?.recipe?.references ?? [],
    assets.map((one) => one.id),
  );
  const edit = () => void navigate({ to: '/library/$asset/edit', params: { asset: id }, search });
  const compare = () =>
    other &&
    void navigate({
      to: '/library/$asset/compare/$other',
      params: { asset: other, other: id },
      search,
    });
  const trash = () => {
    if (!asset) return;
    const next = assets[at + 1] ?? assets[at - 1];
    if (asset.trashed_at) {
      actions.restore({ assets: [asset] });
      return;
    }
    actions.trash({ assets: [asset] });
    if (next) show(next);
    else leave();
  };
  const star = () => asset && actions.star({ assets: [asset] }, !asset.is_starred);
  const toggleInfo = () =>
    isNarrow ? setSheetOpen(!isSheetOpen) : set({ isPanelOpen: !isPanelOpen });

  const canRecall = () =>
    me?.role !== 'viewer' && (asset?.kind === 'generated' || Boolean(detail.data?.recipe));
  const write = () => canWrite && Boolean(asset);
  const pan = (x: number, y: number) => zoom.current?.pan(x, y);
  useCommands([
    {
      ...viewerCommands.previous,
      run: () => (zoom.current?.isZoomed() ? pan(120, 0) : show(assets[at - 1])),
    },
    {
      ...viewerCommands.next,
      run: () => (zoom.current?.isZoomed() ? pan(-120, 0) : show(assets[at + 1])),
    },
    { ...viewerCommands.star, when: write, run: () => void star() },
    { ...viewerCommands.tag, when: write, run: () => setTagging(true) },
    ...recallCommands('viewer').map((command) => ({
      ...command,
      when: canRecall,
      run: () => recall(command.what),
    })),
    { ...viewerCommands.compare, when: () => Boolean(other), run: () => void compare() },
    { ...viewerCommands.edit, when: write, run: edit },
    { ...viewerCommands.info, run: toggleInfo },
    { ...viewerCommands.fit, run: () => zoom.current?.fit() },
    { ...viewerCommands.actual, run: () => zoom.current?.to(1) },
    { ...viewerCommands.large, run: () => zoom.current?.to(4) },
    { ...viewerCommands.zoomIn, run: () => zoom.current?.by(1.5) },
    { ...viewerCommands.zoomOut, run: () => zoom.current?.by(1 / 1.5) },
    {
      ...viewerCommands.panUp,
      when: () => zoom.current?.isZoomed() ?? false,
      run: () => pan(0, 120),
    },
    {
      ...viewerCommands.panDown,
      when: () => zoom.current?.isZoomed() ?? false,
      run: () => pan(0, -120),
    },
    { ...viewerCommands.trash, when: write, run: trash },
    { ...viewerCommands.close, run: leave },
    ...rates.map((command) => ({
      ...command,
      when: write,
      run: () => asset && actions.rate({ assets: [asset] }, command.stars),
    })),
  ]);

  /** On a phone they are a menu, else buttons. */
  const verbs = [
    asset && canWrite
      ? { label: t('library.command.edit'), icon: Brush, keys: 'E', isDanger: false, run: edit }
      : (false as const),
    asset && canWrite
      ? {
          label: t('library.viewer.reference'),
          icon: ImagePlus,
          keys: undefined,
          isDanger: false,
          run: () => void navigate({ to: '/generate', search: { reference: id } }),
        }
      : (false as const),
    other
      ? {
          label: t('library.command.compare'),
          icon: Columns2,
          keys: 'C',
          isDanger: false,
          run: () => void compare(),
        }
      : (false as const),
    asset && canWrite
      ? {
          label: t(asset.trashed_at ? 'library.restore' : 'library.command.trash'),
          icon: asset.trashed_at ? RotateCcw : Trash2,
          keys: 'Delete',
          isDanger: !asset.trashed_at,
          run: trash,
        }
      : (false as const),
  ];

  const panel = detail.data ? (
    <Panel
      key={detail.data.id}
      asset={detail.data}
      canWrite={canWrite}
      onRecall={recall}
      onRate={(stars) => detail.data && actions.rate({ assets: [detail.data] }, stars)}
      onTag={() => setTagging(true)}
      onRename={(name) => detail.data && void actions.patch(detail.data, { name })}
    />
  ) : detail.error && asset ? (
    <ErrorState error={detail.error} onRetry={() => void detail.refetch()} isCompact />
  ) : null;

  return (
    <section
      aria-label={asset?.name || t('library.picture')}
      className="fade-in fixed inset-0 z-30 flex flex-col bg-canvas"
    >
      <header className="flex h-12 shrink-0 items-center gap-1 border-line border-b bg-surface px-2">
        <IconButton icon={X} label={t('library.command.close')} keys="Escape" onClick={leave} />
        <div className="min-w-0 flex-1 px-2">
          <h1 tabIndex={-1} className="truncate text-13 font-medium">
            {asset?.name || t('library.picture')}
          </h1>
          {at >= 0 && (
            <p className="text-12 text-fg-3 tabular-nums max-md:hidden">
              {t('library.viewer.place', {
                place: format.number(at + 1),
                total: format.number(list.data?.pages[0]?.total ?? assets.length),
              })}
            </p>
          )}
        </div>
        {asset && canWrite && (
          <IconButton
            icon={Star}
            label={t('library.command.star')}
            keys="."
            isActive={asset.is_starred}
            isFilled={asset.is_starred}
            onClick={star}
          />
        )}
        {!isPhone &&
          verbs.map(
            (verb) =>
              verb && (
                <IconButton
                  key={verb.label}
                  icon={verb.icon}
                  label={verb.label}
                  {...(verb.keys ? { keys: verb.keys } : {})}
                  look={verb.isDanger ? 'danger-ghost' : 'ghost'}
                  onClick={verb.run}
                />
              ),
          )}
        {asset && (
          <Tip text={t('library.viewer.download')}>
            <a
              href={downloadUrl(asset.id)}
              download
              aria-label={t('library.viewer.download')}
              className="inline-flex size-8 items-center justify-center rounded-8 text-fg-2 hover:bg-surface-3/70 hover:text-fg touch:size-11"
            >
              <Download size={16} strokeWidth={1.75} aria-hidden />
            </a>
          </Tip>
        )}
        {isPhone && (
          <Menu
            entries={verbs}
            trigger={<IconButton icon={MoreHorizontal} label={t('common.more')} />}
          />
        )}
        <IconButton
          ref={infoButton}
          icon={Info}
          label={t('library.command.info')}
          keys="I"
          isActive={isNarrow ? isSheetOpen : isPanelOpen}
          onClick={toggleInfo}
        />
      </header>
      <Columns
        right={
          !isNarrow && isPanelOpen && (asset || !detail.error)
            ? {
                name: 'details',
                label: t('library.panel.label'),
                onClose: () => {
                  toggleInfo();
                  infoButton.current?.focus();
                },
                content: (
                  <div
                    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too
                    tabIndex={0}
                    className="min-h-0 flex-1 overflow-y-auto -outline-offset-2"
                  >
                    <Boundary of={id}>{panel}</Boundary>
                  </div>
                ),
              }
            : undefined
        }
      >
        <div className="relative flex min-w-0 flex-1 flex-col">
          {asset ? (
            <ZoomStage
              key={asset.id}
              asset={asset}
              handle={zoom}
              onSwipe={(step) => show(assets[at + step])}
            />
          ) : (
            detail.error && (
              <ErrorState error={detail.error} onRetry={() => void detail.refetch()} />
            )
          )}
          {at > 0 && !isPhone && (
            <IconButton
              icon={ChevronLeft}
              look="picture"
              label={t('library.command.previous')}
              keys="ArrowLeft"
              className="absolute top-[calc(50%-3rem)] left-3"
              onClick={() => show(assets[at - 1])}
            />
          )}
          {at >= 0 && at < assets.length - 1 && !isPhone && (
            <IconButton
              icon={ChevronRight}
              look="picture"
              label={t('library.command.next')}
              keys="ArrowRight"
              className="absolute top-[calc(50%-3rem)] right-3"
              onClick={() => show(assets[at + 1])}
            />
          )}
          {assets.length > 1 && (
            <Filmstrip
              assets={assets}
              current={id}
              label={t('library.viewer.strip')}
              onShow={show}
            />
          )}
        </div>
      </Columns>
      {isNarrow && (
        <Sheet
          isOpen={isSheetOpen}
          onClose={() => setSheetOpen(false)}
          title={t('library.panel.label')}
          side={isPhone ? 'bottom' : 'right'}
        >
          <Boundary of={id}>{panel}</Boundary>
        </Sheet>
      )}
      {isTagging && asset && (
        <TagDialog
          assets={[asset]}
          onAdd={(tag) => actions.addTag({ assets: [asset] }, tag)}
          onRemove={(tag) => actions.removeTag({ assets: [asset] }, tag)}
          onClose={() => setTagging(false)}
        />
      )}
    </section>
  );
}
