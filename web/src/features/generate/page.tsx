import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { KeyRound, PanelRight, SlidersHorizontal } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { errorText } from '~/api/errors';
import { assetQuery, modelsQuery, operationsQuery, runQuery, runsQuery } from '~/api/queries';
import { addUploads, pictureFiles } from '~/api/uploads';
import { otherOf } from '~/lib/compare';
import { useT } from '~/lib/i18n';
import { narrow, phone, useMedia } from '~/lib/media';
import { isTextRun } from '~/lib/text-tasks';
import { useCommands } from '~/lib/use-commands';
import { IconButton } from '~/ui/button';
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
import { chooseModel, fitSize, operationName, type Recall, recallDraft, recalls } from './model';
import { useDefaultPreset } from './presets';
import { usePromptTools } from './prompt-tools';
import { Stage } from './stage';
import { SubmitBar } from './submit-bar';
import { useSubmit } from './use-submit';

const route = getRouteApi('/frame/generate');

/** Obeys what another page asked for by the address, then cleans the address. */
function useOrders(recall: (id: string, what: Recall) => void) {
  const search = route.useSearch();
  const navigate = useNavigate();
  const { recall: id, what, reference } = search;
  useEffect(() => {
    if (!id && !reference) return;
    if (reference) useDraft.getState().addReferences(reference.split(',').filter(Boolean));
    if (id) recall(id, recalls.find((one) => one === what) ?? 'all');
    void navigate({ to: '/generate', search: { run: search.run }, replace: true });
  }, [id, what, reference, recall, navigate, search.run]);
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
  const runs = useInfiniteQuery(runsQuery('all'));
  const { draft, change, replace, addReferences } = useDraft();
  const list = useMemo(
    () =>
      models.data?.filter((model) => model.is_enabled && (model.can_generate || model.can_edit)) ??
      [],
    [models.data],
  );
  const model = chooseModel(list, draft.modelId);
  const operation = operations.data?.find((one) => one.name === operationName);
  const size = model ? fitSize(draft.size, model) : draft.size;
  const usedDraft = useMemo(() => ({ ...draft, size }), [draft, size]);

  const shownRuns = useMemo(
    () => runs.data?.pages.flatMap((page) => page.items) ?? [],
    [runs.data],
  );
  // Texts have no pictures to show: they stand in the activity, never by themselves on the stage.
  const runId = search.run ?? shownRuns.find((one) => !isTextRun(one))?.id ?? '';
  const listedRun = shownRuns.find((run) => run.id === runId);
  const alone = useQuery({ ...runQuery(runId), enabled: runId !== '' && !listedRun });
  const run = listedRun ?? alone.data;

  const showRun = useCallback(
    (id: string) => {
      setSheet(null);
      void navigate({ to: '/generate', search: { run: id } });
    },
    [navigate],
  );
  const submit = useSubmit(usedDraft, model, operation, (id) => {
    setSheet(null);
    void navigate({ to: '/generate', search: { run: id }, replace: true });
  });
  const actions = useRunActions();
  const tools = usePromptTools(models.data ?? []);

  const write = useCallback(() => {
    if (isPhone) setSheet('form');
    requestAnimationFrame(() => prompt.current?.focus());
  }, [isPhone]);

  const pick = useCallback(() => picker.current?.click(), []);
  const recall = useCallback(
    (id: string, what: Recall) => {
      client.ensureQueryData(assetQuery(id)).then(
        (asset) => {
          replace(recallDraft(useDraft.getState().draft, asset, what));
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
    { ...generateCommands.run, run: () => submit.start('normal') },
    { ...generateCommands.runFirst, run: () => submit.start('front') },
    {
      ...generateCommands.cancel,
      when: () => run?.state === 'active',
      run: () => run && actions.cancelRun(run.id),
    },
    {
      ...generateCommands.expand,
      when: () => tools.canExpand && !tools.job,
      run: tools.expand,
    },
    { ...generateCommands.write, run: write },
    { ...generateCommands.upload, run: pick },
  ]);

  const takeFiles = useCallback(
    (files: File[]) => addUploads(files, (asset) => addReferences([asset.id])),
    [addReferences],
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

  const form = (
    <Form
      draft={usedDraft}
      wantedSize={draft.size}
      change={change}
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
  );
  const bar = <SubmitBar submit={submit} />;
  const activity = (
    <Activity shown={runId} onShow={showRun} onRecall={recallRun} actions={actions} />
  );

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has the picker beside it
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
      {isPhone ? (
        <>
          <div className="shrink-0 border-line border-t bg-surface">
            <button
              type="button"
              onClick={write}
              className="flex min-h-11 w-full items-center gap-2 px-3 pt-2 text-left text-14 text-fg-2"
            >
              <SlidersHorizontal size={16} strokeWidth={1.75} className="shrink-0" aria-hidden />
              <span className="min-w-0 flex-1 truncate">
                {draft.prompt.trim() || t('generate.prompt.placeholder')}
              </span>
            </button>
            {bar}
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
            <div className="sticky bottom-0 mt-auto border-line border-t bg-surface">{bar}</div>
          </Sheet>
        </>
      ) : (
        <section
          aria-label={t('generate.form.title')}
          className="flex w-80 shrink-0 flex-col border-line border-r bg-surface"
        >
          <div className="min-h-0 flex-1 overflow-y-auto p-4">{form}</div>
          <div className="border-line border-t">{bar}</div>
        </section>
      )}
      <Stage
        run={run}
        isLoading={runs.isPending || (runId !== '' && !run && alone.isPending)}
        error={runs.error ?? alone.error}
        onRetry={() => void runs.refetch()}
        runs={shownRuns}
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
      {isNarrow ? (
        <Sheet
          isOpen={sheet === 'activity'}
          onClose={() => setSheet(null)}
          title={t('generate.activity.title')}
          side={isPhone ? 'bottom' : 'right'}
        >
          {activity}
        </Sheet>
      ) : (
        <aside
          aria-label={t('generate.activity.title')}
          className="flex w-70 shrink-0 flex-col overflow-y-auto border-line border-l bg-surface"
        >
          {activity}
        </aside>
      )}
    </div>
  );
}
