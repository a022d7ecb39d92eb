import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Outlet, useNavigate, useParams } from '@tanstack/react-router';
import {
  Columns2,
  FileArchive,
  ImagePlus,
  Images,
  Info,
  RotateCcw,
  SearchX,
  SquareCheckBig,
  Star,
  Tag,
  Trash2,
  Upload,
} from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { downloadUrl, saveFile } from '~/api/files';
import { assetDaysQuery, meQuery, zoneMin } from '~/api/queries';
import type { Asset } from '~/api/types';
import { addUploads, pictureFiles } from '~/api/uploads';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { coarse, useMedia, withoutDetails } from '~/lib/media';
import { usePreferences } from '~/lib/preferences';
import { referencesMax } from '~/lib/references';
import { useCommands } from '~/lib/use-commands';
import { useEarly } from '~/lib/use-early';
import { Button, IconButton } from '~/ui/button';
import { Columns } from '~/ui/columns';
import { ConfirmDialog } from '~/ui/lazy';
import { LinkButton } from '~/ui/link';
import { PageHead } from '~/ui/page';
import { SearchBox } from '~/ui/search-box';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { type Target, useLibraryActions } from './actions';
import { BulkBar, type BulkVerb } from './bulk-bar';
import { libraryCommands, type RecallPart, ratingCommands, recallCommands } from './commands';
import { Filters } from './filters';
import { Grid, type GridHandle } from './grid';
import { JobPanel } from './job-panel';
import {
  countOf,
  exceptMax,
  filterOf,
  isChoosing,
  isChosen,
  isFiltered,
  makeSections,
  noSelection,
  type Section,
  type Selection,
  selectAll,
  settled,
  without,
} from './model';
import { seedNeighbours } from './neighbours';
import { UploadPanel } from './upload-panel';
import { useFocused } from './use-focused';

const route = getRouteApi('/frame/library');
const TagDialog = late(() => import('./tag-dialog').then((file) => file.TagDialog));
const DetailsColumn = late(() => import('./details').then((file) => file.DetailsColumn));
const DetailsSheet = late(() => import('./details').then((file) => file.DetailsSheet));
const rates = ratingCommands('library');

const loadViewer = () => import('./viewer');

export function LibraryPage() {
  const t = useT();
  useEarly(loadViewer); // most that comes here is opened
  const format = useFormat();
  const navigate = useNavigate();
  const search = route.useSearch();
  const { asset: viewed } = useParams({ strict: false });
  const isViewing = Boolean(viewed);
  const sort = search.sort ?? 'newest';
  const filter = useMemo(() => filterOf(search, zoneMin), [search]);
  const days = useQuery(assetDaysQuery(filter));
  const { data: me } = useQuery(meQuery);
  const canWrite = me?.role !== 'viewer';
  const actions = useLibraryActions();
  const client = useQueryClient();
  const grid = useRef<GridHandle>(null);
  const [selection, setSelection] = useState<Selection>(noSelection);
  // Where nothing can be hovered the first tick needs a way of its own.
  const isTouch = useMedia(coarse);
  const [isSelecting, setSelecting] = useState(false);
  /** what is selected, also when its day is not loaded any more */
  const picked = useRef(new Map<string, Asset>());
  const [dialog, setDialog] = useState<'tag' | 'delete' | 'empty' | 'trash' | null>(null);
  const [isDeleting, setDeleting] = useState(false);
  const isNarrow = useMedia(withoutDetails);
  const { areDetailsOpen, set } = usePreferences();
  // A sheet covers the grid: it is opened each time anew. Null: not yet.
  const [isSheetOpen, setSheetOpen] = useState<boolean | null>(null);
  const isInfoOpen = isNarrow ? isSheetOpen === true : areDetailsOpen;
  const toggleInfo = () =>
    isNarrow ? setSheetOpen(!isSheetOpen) : set({ areDetailsOpen: !areDetailsOpen });
  const searchBox = useRef<HTMLInputElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const infoButton = useRef<HTMLButtonElement>(null);

  // The days of the filter before stay until those of the next one are there.
  const shown = useRef<{ sections: Section[]; name: string }>({ sections: [], name: '' });
  const sections = useMemo(
    () => makeSections(days.data ?? [], filter, sort, zoneMin),
    [days.data, filter, sort],
  );
  if (!days.isPlaceholderData) shown.current = { sections, name: JSON.stringify([filter, sort]) };
  const total = days.data ? days.data.reduce((sum, day) => sum + day.count, 0) : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, another selection
  useEffect(() => {
    setSelection(noSelection);
    setSelecting(false);
  }, [filter, sort]);
  const find = useCallback((id: string) => grid.current?.find(id) ?? picked.current.get(id), []);
  const [focused, setFocused] = useFocused(filter, find);
  useEffect(() => {
    if (!focused) setSheetOpen((is) => is && false);
  }, [focused]);
  const choose = (wanted: Selection) => {
    const next = settled(wanted, total);
    if (!next) {
      showToast(t('library.bulk.exceptMax', { max: format.number(exceptMax) }), { tone: 'bad' });
      return;
    }
    const before = picked.current;
    picked.current = new Map();
    for (const id of next.ids) {
      const asset = grid.current?.find(id) ?? before.get(id);
      if (asset) picked.current.set(id, asset);
    }
    setSelection(next);
  };
  const drop = useCallback((gone: string[]) => setSelection((before) => without(before, gone)), []);

  // Out of the viewer one goes on at the picture that was open last.
  const lastViewed = useRef(viewed);
  useEffect(() => {
    const last = lastViewed.current;
    lastViewed.current = viewed;
    if (viewed || !last) return;
    setFocused(last);
    const known = client.getQueryData<Asset>(['asset', last]) ?? find(last);
    if (known) grid.current?.reveal(last, known.created_at);
  }, [viewed, client, find, setFocused]);

  const target = useCallback((): Target => {
    if (selection.isAll && total !== null) {
      return { filter, count: countOf(selection, total), except: [...selection.except] };
    }
    const ids = selection.ids.size > 0 ? [...selection.ids] : [focused];
    return { assets: ids.map(find).filter((asset) => asset !== undefined) };
  }, [selection, focused, filter, total, find]);
  const hasTarget = () => {
    const what = target();
    return !('assets' in what) || what.assets.length > 0;
  };
  const clear = () => {
    choose(noSelection);
    setSelecting(false);
  };
  const chooseAll = () => choose(selectAll(selection));
  const askTrash = () => {
    const what = target();
    if (search.trash) setDialog('delete');
    else if ('assets' in what) {
      actions.trash(what);
      clear();
    } else setDialog('trash');
  };
  const toggleStar = () => {
    const what = target();
    const isStarred = 'assets' in what ? !what.assets.every((asset) => asset.is_starred) : true;
    actions.star(what, isStarred);
  };

  const can = () => canWrite && !isViewing && hasTarget();
  const recall = (asset: Asset, what: RecallPart) =>
    void navigate({ to: '/generate', search: { recall: asset.id, what } });
  const refer = (assets: readonly Asset[]) =>
    void navigate({
      to: '/generate',
      search: { reference: assets.map(({ id }) => id).join(',') },
    });
  /** What keys mean for one picture alone. */
  const single = () => {
    const what = target();
    return 'assets' in what && what.assets.length === 1 ? what.assets[0] : undefined;
  };
  const canRecall = () => can() && !search.trash && single()?.kind === 'generated';

  // Two pictures, in the order of the list.
  const pair = (() => {
    const what = target();
    return 'assets' in what && what.assets.length === 2 ? what.assets : null;
  })();
  const compare = () => {
    const [one, other] = pair ?? [];
    if (!one || !other) return;
    void navigate({
      to: '/library/$asset/compare/$other',
      params: { asset: one.id, other: other.id },
      search,
    });
  };

  const referred = (() => {
    const what = target();
    const isFew = 'assets' in what && what.assets.length === selection.ids.size;
    return isFew && what.assets.length <= referencesMax ? what.assets : [];
  })();
  const allVerbs: (BulkVerb | false | null | undefined)[] = [
    canWrite &&
      !search.trash && {
        label: t('library.command.star'),
        icon: Star,
        keys: '.',
        run: toggleStar,
      },
    canWrite &&
      !search.trash && {
        label: t('library.command.tag'),
        icon: Tag,
        keys: 'T',
        run: () => setDialog('tag'),
      },
    canWrite &&
      !search.trash &&
      referred.length > 0 && {
        label: t('library.bulk.reference'),
        icon: ImagePlus,
        run: () => refer(referred),
      },
    pair && { label: t('library.command.compare'), icon: Columns2, keys: 'C', run: compare },
    {
      label: t('library.bulk.zip'),
      icon: FileArchive,
      run: () => void actions.download(target()),
    },
    canWrite &&
      search.trash && {
        label: t('library.restore'),
        icon: RotateCcw,
        run: () => {
          actions.restore(target());
          clear();
        },
      },
    canWrite && {
      label: t(search.trash ? 'library.delete.action' : 'library.command.trash'),
      icon: Trash2,
      keys: 'Delete',
      isDanger: true,
      run: askTrash,
    },
  ];
  const verbs = allVerbs.filter((verb) => !!verb);
  const chosen = (() => {
    const what = target();
    const count = 'assets' in what ? selection.ids.size : what.count;
    if (count < 2 || !isChoosing(selection)) return null;
    const isKnown = 'assets' in what && what.assets.length === count;
    return {
      count,
      size: isKnown ? what.assets.reduce((sum, { size }) => sum + size, 0) : null,
      verbs,
    };
  })();

  useCommands(
    isViewing
      ? []
      : [
          { ...libraryCommands.search, run: () => searchBox.current?.focus() },
          {
            ...libraryCommands.upload,
            when: () => canWrite,
            run: () => picker.current?.click(),
          },
          {
            ...libraryCommands.selectAll,
            when: () => (total ?? 0) > 0,
            run: chooseAll,
          },
          { ...libraryCommands.star, when: can, run: toggleStar },
          { ...libraryCommands.tag, when: can, run: () => setDialog('tag') },
          { ...libraryCommands.compare, when: () => pair !== null, run: compare },
          { ...libraryCommands.info, when: () => (total ?? 0) > 0, run: toggleInfo },
          { ...libraryCommands.trash, when: can, run: askTrash },
          {
            ...libraryCommands.deselect,
            when: () => isChoosing(selection),
            run: clear,
          },
          ...recallCommands('library').map((command) => ({
            ...command,
            when: canRecall,
            run: () => {
              const asset = single();
              if (asset) recall(asset, command.what);
            },
          })),
          ...rates.map((command) => ({
            ...command,
            when: can,
            run: () => actions.rate(target(), command.stars),
          })),
        ],
  );

  const takeFiles = useCallback((files: File[]) => addUploads(files), []);
  useEffect(() => {
    if (isViewing || !canWrite) return;
    const onPaste = (event: ClipboardEvent) => {
      const files = pictureFiles(event.clipboardData);
      if (files.length > 0) takeFiles(files);
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, [takeFiles, isViewing, canWrite]);

  const open = (asset: Asset) => {
    seedNeighbours(client, filter, sort, shown.current.sections, asset, total);
    void navigate({ to: '/library/$asset', params: { asset: asset.id }, search });
  };
  const tileVerbs = {
    open,
    details: () => !isInfoOpen && toggleInfo(),
    recall,
    reference: (asset: Asset) => refer([asset]),
    edit: (asset: Asset) =>
      void navigate({ to: '/library/$asset/edit', params: { asset: asset.id }, search }),
    star: (asset: Asset) => actions.star({ assets: [asset] }, !asset.is_starred),
    tag: isChoosing(selection) ? null : () => setDialog('tag'),
    download: (asset: Asset) => saveFile(downloadUrl(asset.id)),
    trash: (asset: Asset) =>
      search.trash ? actions.restore({ assets: [asset] }) : actions.trash({ assets: [asset] }),
  };
  const setSearch = (change: Partial<typeof search>) =>
    void navigate({ to: '/library', search: { ...search, ...change }, replace: true });

  const body =
    days.error && !days.data ? (
      <ErrorState error={days.error} onRetry={() => void days.refetch()} />
    ) : days.isPending ? (
      <div className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-1 overflow-hidden p-4">
        {Array.from({ length: 24 }, (_, tile) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
          <Skeleton key={tile} className="h-44 !rounded-4" />
        ))}
      </div>
    ) : total === 0 ? (
      isFiltered(search) ? (
        <EmptyState icon={SearchX} title={t('library.none.title')} text={t('library.none.text')}>
          <Button
            onClick={() =>
              void navigate({ to: '/library', search: search.trash ? { trash: true } : {} })
            }
          >
            {t('library.none.clear')}
          </Button>
        </EmptyState>
      ) : search.trash ? (
        <EmptyState
          icon={Trash2}
          title={t('library.noTrash.title')}
          text={t('library.noTrash.text')}
        >
          <LinkButton to="/library">{t('library.noTrash.back')}</LinkButton>
        </EmptyState>
      ) : (
        <EmptyState icon={Images} title={t('library.empty.title')} text={t('library.empty.text')}>
          {canWrite && (
            <Button icon={Upload} onClick={() => picker.current?.click()}>
              {t('library.command.upload')}
            </Button>
          )}
          <LinkButton to="/generate" look="ink">
            {t('library.empty.generate')}
          </LinkButton>
        </EmptyState>
      )
    ) : (
      <Grid
        key={shown.current.name}
        ref={grid}
        sections={shown.current.sections}
        sort={sort}
        isStale={days.isPlaceholderData}
        selection={selection}
        isSelecting={isSelecting}
        onSelect={choose}
        onGone={drop}
        focused={focused}
        onFocus={setFocused}
        verbs={tileVerbs}
        chosenVerbs={chosen && verbs}
        isTrash={Boolean(search.trash)}
        canWrite={canWrite}
      />
    );

  const detailsOf = {
    id: focused || ([...selection.ids][0] ?? ''),
    chosen,
    canWrite,
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has the picker beside it
    <div
      className="relative flex min-h-0 flex-1 flex-col"
      onDragOver={(event) => {
        if (canWrite && event.dataTransfer.types.includes('Files')) event.preventDefault();
      }}
      onDrop={(event) => {
        const files = pictureFiles(event.dataTransfer);
        if (!canWrite || files.length === 0) return;
        event.preventDefault();
        takeFiles(files);
      }}
    >
      <div className="contents" inert={isViewing}>
        <PageHead
          title={t(search.trash ? 'library.trash.title' : 'common.nav.library')}
          count={total === null ? undefined : format.number(total)}
        >
          <SearchBox
            label={t('library.search.label')}
            clearLabel={t('library.search.clear')}
            inputRef={searchBox}
            value={search.q ?? ''}
            onChange={(q) => setSearch({ q: q || undefined })}
          />
          <div className="flex-1" />
          {(total ?? 0) > 0 && isTouch && (
            <IconButton
              icon={SquareCheckBig}
              label={t('library.select')}
              isActive={isSelecting || isChoosing(selection)}
              onClick={() => (isSelecting || isChoosing(selection) ? clear() : setSelecting(true))}
            />
          )}
          {(total ?? 0) > 0 && (
            <IconButton
              ref={infoButton}
              icon={Info}
              label={t('library.command.info')}
              keys="I"
              isActive={isInfoOpen}
              onClick={toggleInfo}
            />
          )}
          {search.trash && canWrite && (total ?? 0) > 0 && (
            <Button look="danger-ghost" icon={Trash2} onClick={() => setDialog('empty')}>
              {t('library.trash.empty')}
            </Button>
          )}
          {!search.trash && canWrite && (
            <Button icon={ImagePlus} onClick={() => picker.current?.click()}>
              {t('library.upload.action')}
            </Button>
          )}
        </PageHead>
        <Filters search={search} onChange={setSearch} />
        <input
          ref={picker}
          type="file"
          accept="image/*"
          multiple
          hidden
          aria-label={t('library.command.upload')}
          onChange={(event) => {
            takeFiles([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <Columns
          right={
            !isNarrow && isInfoOpen && (total ?? 0) > 0
              ? {
                  name: 'details',
                  label: t('library.panel.label'),
                  onClose: () => {
                    toggleInfo();
                    infoButton.current?.focus();
                  },
                  content: (
                    <>
                      <DetailsColumn {...detailsOf} />
                    </>
                  ),
                }
              : undefined
          }
        >
          <div className="relative flex min-w-0 flex-1 flex-col">
            {body}
            {(isSelecting || isChoosing(selection)) && !isViewing && (
              <BulkBar
                selection={selection}
                total={total}
                verbs={verbs}
                onAll={chooseAll}
                onClear={clear}
              />
            )}
            <UploadPanel />
            {!isViewing && <JobPanel canWrite={canWrite} />}
          </div>
        </Columns>
        {isNarrow && isSheetOpen !== null && (total ?? 0) > 0 && (
          <DetailsSheet {...detailsOf} isOpen={isInfoOpen} onClose={() => setSheetOpen(false)} />
        )}
        {dialog === 'tag' && (
          <TagDialog
            onClose={() => setDialog(null)}
            onAdd={(tag) => actions.addTag(target(), tag)}
            onRemove={(tag) => actions.removeTag(target(), tag)}
            assets={[...selection.ids]
              .filter((id) => isChosen(selection, id))
              .map(find)
              .filter((asset) => asset !== undefined)}
          />
        )}
        <ConfirmDialog
          isOpen={dialog === 'delete' || dialog === 'empty'}
          onClose={() => setDialog(null)}
          isPending={isDeleting}
          title={t(dialog === 'empty' ? 'library.trash.empty' : 'library.delete.title')}
          about={t('library.delete.text')}
          action={t('library.delete.action')}
          onConfirm={() => {
            setDeleting(true);
            const what: Target =
              dialog === 'empty'
                ? { filter: { trash: true }, count: total ?? 0, except: [] }
                : target();
            void actions.deleteForGood(what).then(() => {
              setDeleting(false);
              setDialog(null);
              clear();
            });
          }}
        />
        <ConfirmDialog
          isOpen={dialog === 'trash'}
          onClose={() => setDialog(null)}
          title={t('library.trashAll.title', {
            count: countOf(selection, total),
            value: format.number(countOf(selection, total)),
          })}
          about={t(
            selection.except.size > 0 ? 'library.trashAll.textBut' : 'library.trashAll.text',
          )}
          action={t('library.command.trash')}
          onConfirm={() => {
            actions.trash(target());
            setDialog(null);
            clear();
          }}
        />
      </div>
      <Outlet />
    </div>
  );
}
