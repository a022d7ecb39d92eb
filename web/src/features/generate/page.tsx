import {
  type InfiniteData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { KeyRound, PanelRight, SlidersHorizontal } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { errorText, isStatus } from '~/api/errors';
import { productQuery } from '~/api/products';
import { assetQuery, modelsQuery, operationsQuery, runQuery, runsQuery } from '~/api/queries';
import type { Run } from '~/api/types';
import { addUploads, pictureFiles } from '~/api/uploads';
import { readColumn } from '~/lib/columns';
import { otherOf } from '~/lib/compare';
import { useT } from '~/lib/i18n';
import { narrow, phone, useMedia } from '~/lib/media';
import { usePreferences } from '~/lib/preferences';
import { isTextRun } from '~/lib/text-tasks';
import { useCommands } from '~/lib/use-commands';
import { Boundary } from '~/ui/boundary';
import { IconButton } from '~/ui/button';
import { Columns } from '~/ui/columns';
import { Sheet } from '~/ui/lazy';
import { LinkButton } from '~/ui/link';
import { useTitle } from '~/ui/page';
import { EmptyState, ErrorState } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { useRunActions } from './actions';
import { Activity } from './activity';
import { generateCommands } from './commands';
import { useDraft } from './draft';
import { Form } from './form';
import { chooseModel, operationName, type Recall, recallDraft, recalls, usualMs } from './model';
import { useDefaultPreset } from './presets';
import { usePromptTools } from './prompt-tools';
import { Stage } from './stage';
import { SubmitBar, Submitting } from './submit-bar';

const route = getRouteApi('/frame/generate');

/** Obeys what another page asked for by the address, then cleans the address. */
function useOrders(recall: (id: string, what: Recall) => void) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const { recall: id, what, reference, product } = search;
  useEffect(() => {
    if (!id && !reference && !product) return;
    if (product) useDraft.getState().change({ product });
    if (reference) useDraft.getState().addReferences(reference.split(',').filter(Boolean));
    if (id) recall(id, recalls.find((one) => one === what) ?? 'all');
    void navigate({ to: '/generate', search: { run: search.run }, replace: true });
  }, [id, what, reference, product, recall, navigate, search.run]);
}

/** Of all runs the one on the stage, and how long each model takes. */
function stageOf(runs: readonly Run[], wanted: string | undefined) {
  // Texts have no pictures to show: they stand in the activity, never by themselves on the stage.
  const id = wanted ?? runs.find((one) => !isTextRun(one))?.id ?? '';
  const run = runs.find((one) => one.id === id);
  const models = new Set(runs.flatMap((one) => one.tasks.map(({ model }) => model)));
  const usual = Object.fromEntries([...models].map((model) => [model, usualMs(runs, model)]));
  return { id, run, usual };
}

/** By key or by name: away with a column, or back. */
function fold(name: 'form' | 'activity', isFolded?: boolean) {
  const { columns, setColumn } = usePreferences.getState();
  const before = readColumn(columns, name).isFolded;
  setColumn(name, { isFolded: isFolded ?? !before });
}

function WrittenSoFar() {
  const t = useT();
  const prompt = useDraft((state) => state.draft.prompt.trim());
  return (
    <span className="min-w-0 flex-1 truncate">{prompt || t('generate.prompt.placeholder')}</span>
  );
}

export function GeneratePage() {
  const t = useT();
  const client = useQueryClient();
  const navigate = useNavigate();
  const search = route.useSearch();
  const isPhone = useMedia(phone);
  const isNarrow = useMedia(narrow);
  const [sheet, setSheet] = useState<'form' | 'activity' | null>(null);
  const prompt = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  useTitle(t('common.nav.generate'));

  const models = useQuery(modelsQuery);
  const operations = useQuery(operationsQuery);
  const modelId = useDraft((state) => state.draft.modelId);
  const { change, replace, addReferences } = useDraft.getState();
  const list = useMemo(
    () =>
      models.data?.filter((model) => model.is_enabled && (model.can_generate || model.can_edit)) ??
      [],
    [models.data],
  );
  const model = chooseModel(list, modelId);
  const operation = operations.data?.find((one) => one.name === operationName);

  const runs = useInfiniteQuery({
    ...runsQuery('all'),
    select: useCallback(
      (data: InfiniteData<{ items: Run[] }>) =>
        stageOf(
          data.pages.flatMap((page) => page.items),
          search.run,
        ),
      [search.run],
    ),
  });
  const runId = runs.data?.id ?? search.run ?? '';
  const alone = useQuery({ ...runQuery(runId), enabled: runId !== '' && !runs.data?.run });
  const run = runs.data?.run ?? alone.data;

  const showRun = useCallback(
    (id: string) => {
      setSheet(null);
      void navigate({ to: '/generate', search: { run: id } });
    },
    [navigate],
  );
  const showStarted = (id: string) => {
    setSheet(null);
    void navigate({ to: '/generate', search: { run: id }, replace: true });
  };
  const actions = useRunActions();
  const tools = usePromptTools(models.data ?? []);

  const openForm = useCallback(() => {
    if (isPhone) setSheet('form');
    else fold('form', false);
  }, [isPhone]);
  const fill = useCallback(
    (field: string) => {
      openForm();
      // The form may be on its way, and what opens over the page takes the focus first.
      const seek = (frames: number) => {
        const named = document.querySelector<HTMLElement>(`[data-field="${CSS.escape(field)}"]`);
        const wanted = named ?? prompt.current;
        if (wanted && document.activeElement !== wanted) wanted.focus();
        if (frames > 0 && (!wanted || isPhone)) requestAnimationFrame(() => seek(frames - 1));
      };
      requestAnimationFrame(() => seek(20));
    },
    [openForm, isPhone],
  );
  const write = useCallback(() => fill('prompt'), [fill]);

  const pick = useCallback(() => picker.current?.click(), []);
  const recall = useCallback(
    (id: string, what: Recall) => {
      client.ensureQueryData(assetQuery(id)).then(
        async (asset) => {
          // A product that is gone is none to make pictures for.
          const isGone =
            asset.product_id !== null &&
            (await client.ensureQueryData(productQuery(asset.product_id)).then(
              () => false,
              (error) => isStatus(error, 404),
            ));
          const known = isGone ? { ...asset, product_id: null } : asset;
          replace(recallDraft(useDraft.getState().draft, known, what));
          showToast(t(`generate.recalled.${what}`));
        },
        (error) => showToast(errorText(error, t), { tone: 'bad' }),
      );
    },
    [client, replace, t],
  );
  useOrders(recall);
  const recallRun = useCallback(
    (id: string, what: Recall) => {
      setSheet(null);
      recall(id, what);
    },
    [recall],
  );
  useDefaultPreset(list, operation, Boolean(search.recall || search.reference));

  const made = useMemo(
    () => run?.tasks.flatMap((task) => task.assets).filter((one) => !one.trashed_at) ?? [],
    [run],
  );
  /** With what it was made from, else with another of the run. */
  const compare = useCallback(
    async (id: string) => {
      try {
        const { recipe } = await client.ensureQueryData(assetQuery(id));
        const other = otherOf(
          id,
          recipe?.references ?? [],
          made.map((one) => one.id),
        );
        if (!other) {
          showToast(t('generate.compare.alone'));
          return;
        }
        void navigate({
          to: '/library/$asset/compare/$other',
          params: { asset: other, other: id },
          search: { run: run?.id },
        });
      } catch (error) {
        showToast(errorText(error, t), { tone: 'bad' });
      }
    },
    [client, made, navigate, run?.id, t],
  );

  useCommands([
    {
      ...generateCommands.compare,
      when: () => made.length > 0,
      run: () => {
        const slot = document.activeElement?.closest<HTMLElement>('[data-asset]');
        void compare(slot?.dataset.asset ?? made[0]?.id ?? '');
      },
    },
    {
      ...generateCommands.cancel,
      when: () => run?.state === 'active',
      run: () => run && actions.cancelRun(run.id),
    },
    {
      ...generateCommands.expand,
      when: () => tools.canExpand && !tools.job,
      run: () => {
        openForm();
        tools.expand();
      },
    },
    { ...generateCommands.write, run: write },
    { ...generateCommands.upload, run: pick },
    {
      ...generateCommands.foldForm,
      run: () => (isPhone ? setSheet('form') : fold('form')),
    },
    {
      ...generateCommands.foldActivity,
      run: () => (isNarrow ? setSheet('activity') : fold('activity')),
    },
  ]);

  const takeFiles = useCallback(
    (files: File[]) => {
      if (!isPhone) fold('form', false); // where they arrive
      addUploads(files, (asset) => addReferences([asset.id]));
    },
    [addReferences, isPhone],
  );
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const files = pictureFiles(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      takeFiles(files);
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, [takeFiles]);

  if (models.error || operations.error) {
    return (
      <ErrorState
        error={models.error ?? operations.error}
        onRetry={() => {
          void models.refetch();
          void operations.refetch();
        }}
      />
    );
  }
  if (models.data && list.length === 0) {
    return (
      <>
        <h1 className="sr-only">{t('common.nav.generate')}</h1>
        <EmptyState
          icon={KeyRound}
          title={t('generate.noModels.title')}
          text={t('generate.noModels.text')}
        >
          <LinkButton to="/settings/providers" look="ink">
            {t('generate.noModels.action')}
          </LinkButton>
        </EmptyState>
      </>
    );
  }

  // Each column fails alone: what cannot be shown of a run takes nobody's words with it.
  const form = (
    <Boundary>
      <Form
        models={list}
        isKnown={!models.isPending && !operations.isPending}
        model={model}
        operation={operation}
        tools={tools}
        expanding={operations.data?.find((one) => one.name === 'prompt.expand')}
        promptRef={prompt}
        onFiles={takeFiles}
        onPick={pick}
      />
    </Boundary>
  );
  const activity = (
    <Boundary>
      <Activity shown={runId} onShow={showRun} onRecall={recallRun} actions={actions} />
    </Boundary>
  );

  return (
    <Submitting model={model} operation={operation} onStarted={showStarted} onRefused={fill}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping has the picker beside it */}
      <div
        className="flex min-h-0 flex-1 max-md:flex-col-reverse"
        onDragOver={(event) => {
          if (event.dataTransfer.types.includes('Files')) event.preventDefault();
        }}
        onDrop={(event) => {
          const files = pictureFiles(event.dataTransfer);
          if (files.length === 0) return;
          event.preventDefault();
          takeFiles(files);
        }}
      >
        <h1 tabIndex={-1} className="sr-only">
          {t('common.nav.generate')}
        </h1>
        <input
          ref={picker}
          type="file"
          accept="image/*"
          multiple
          hidden
          aria-label={t('generate.references.upload')}
          onChange={(event) => {
            takeFiles([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        {isPhone && (
          <>
            {/* What is told for a moment stands above it, not over what is pressed next. */}
            <div data-bottom-bar className="shrink-0 border-line border-t bg-surface">
              <button
                type="button"
                onClick={write}
                className="flex min-h-11 w-full items-center gap-2 px-3 pt-2 text-left text-14 text-fg-2"
              >
                <SlidersHorizontal size={16} strokeWidth={1.75} className="shrink-0" aria-hidden />
                <WrittenSoFar />
              </button>
              <SubmitBar />
            </div>
            <Sheet
              isOpen={sheet === 'form'}
              onClose={() => setSheet(null)}
              title={t('generate.form.title')}
              side="bottom"
            >
              <div data-command-area className="p-4">
                {form}
              </div>
              <div className="sticky bottom-0 mt-auto border-line border-t bg-surface">
                <SubmitBar />
              </div>
            </Sheet>
          </>
        )}
        <Columns
          left={
            isPhone
              ? undefined
              : {
                  name: 'form',
                  label: t('generate.form.title'),
                  content: (
                    <>
                      <div className="min-h-0 flex-1 overflow-y-auto p-4">{form}</div>
                      <div className="border-line border-t">
                        <SubmitBar />
                      </div>
                    </>
                  ),
                }
          }
          right={
            isNarrow
              ? undefined
              : {
                  name: 'activity',
                  label: t('generate.activity.title'),
                  content: <div className="min-h-0 flex-1 overflow-y-auto">{activity}</div>,
                }
          }
        >
          <Boundary of={runId}>
            <Stage
              run={run}
              isLoading={runs.isPending || (runId !== '' && !run && alone.isPending)}
              error={runs.error ?? alone.error}
              onRetry={() => void runs.refetch()}
              usual={runs.data?.usual[run?.tasks[0]?.model ?? ''] ?? 0}
              actions={actions}
              onEdit={write}
              onRecall={recall}
              onCompare={compare}
              onSample={(text) => {
                change({ prompt: text });
                write();
              }}
              aside={
                isNarrow && (
                  <IconButton
                    icon={PanelRight}
                    label={t('generate.activity.open')}
                    onClick={() => setSheet('activity')}
                  />
                )
              }
            />
          </Boundary>
        </Columns>
        {isNarrow && (
          <Sheet
            isOpen={sheet === 'activity'}
            onClose={() => setSheet(null)}
            title={t('generate.activity.title')}
            side={isPhone ? 'bottom' : 'right'}
          >
            {activity}
          </Sheet>
        )}
      </div>
    </Submitting>
  );
}
