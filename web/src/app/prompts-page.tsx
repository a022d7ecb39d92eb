import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import {
  BookmarkPlus,
  Copy,
  Ellipsis,
  History,
  Image,
  ListTodo,
  RotateCcw,
  SearchX,
  Sparkles,
  Trash2,
} from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { errorText } from '~/api/errors';
import { promptsQuery } from '~/api/prompts';
import { meQuery, modelsQuery, operationsQuery } from '~/api/queries';
import type { Prompt } from '~/api/types';
import { useDraft } from '~/features/generate/draft';
import { chooseModel, operationName, usedDraft } from '~/features/generate/model';
import { usePresetActions } from '~/features/generate/preset-actions';
import { byDay } from '~/lib/days';
import { localDay } from '~/lib/format';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { useCommands } from '~/lib/use-commands';
import { Button, IconButton } from '~/ui/button';
import { ConfirmDialog } from '~/ui/lazy';
import { LinkButton } from '~/ui/link';
import { Menu } from '~/ui/menu';
import { PageHead } from '~/ui/page';
import { Picture } from '~/ui/picture';
import { SearchBox } from '~/ui/search-box';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { promptCommands } from './commands';
import { type PromptActions, usePromptActions } from './prompt-actions';

const route = getRouteApi('/frame/prompts');
const PresetDialog = late(() =>
  import('~/features/generate/preset-dialog').then((file) => file.PresetDialog),
);

/** Whether the text that is watched has more than is shown of it; as it was while all is shown. */
function useCut(isWhole: boolean) {
  const [isCut, setCut] = useState(false);
  const watch = useCallback(
    (element: HTMLElement | null) => {
      if (!element || isWhole) return undefined;
      const measure = () => setCut(element.scrollHeight > element.clientHeight + 1);
      const observer = new ResizeObserver(measure);
      observer.observe(element);
      measure();
      return () => observer.disconnect();
    },
    [isWhole],
  );
  return [watch, isCut] as const;
}

/** All that pictures were asked for with, each prompt once, by the day on which it was used last. */
export function PromptsPage() {
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate();
  const { q = '' } = route.useSearch();
  const { data: me } = useQuery(meQuery);
  const canWrite = me?.role !== 'viewer';
  const prompts = useInfiniteQuery(promptsQuery(q));
  const items = prompts.data?.pages.flatMap((page) => page.items) ?? [];
  const actions = usePromptActions();
  const [kept, setKept] = useState<Prompt | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [isPending, setPending] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const search = (words: string) =>
    void navigate({ to: '/prompts', search: { q: words || undefined }, replace: true });
  useCommands([{ ...promptCommands.search, run: () => searchBox.current?.focus() }]);

  /** What was focused goes with its row: the one in its place is next. */
  const [leaving, setLeaving] = useState<{ id: string; at: number } | null>(null);
  const isGone = leaving !== null && !items.some(({ id }) => id === leaving.id);
  useEffect(() => {
    if (!isGone) return;
    const rows = list.current?.querySelectorAll<HTMLElement>('[data-prompt]') ?? [];
    (rows[Math.min(leaving?.at ?? 0, rows.length - 1)] ?? searchBox.current)?.focus();
    setLeaving(null);
  }, [isGone, leaving]);
  const remove = (prompt: Prompt) => {
    const at = items.findIndex(({ id }) => id === prompt.id);
    actions.remove(prompt, () => setLeaving({ id: prompt.id, at }));
  };
  const clear = async () => {
    setPending(true);
    try {
      await actions.clear();
      setAsking(false);
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
    } finally {
      setPending(false);
    }
  };
  const isEmpty = prompts.data !== undefined && items.length === 0;
  const today = localDay(new Date().toISOString());
  return (
    <>
      <PageHead title={t('generate.prompts.title')}>
        <SearchBox
          inputRef={searchBox}
          label={t('generate.prompts.search')}
          clearLabel={t('generate.prompts.clearSearch')}
          value={q}
          onChange={search}
        />
        <div className="flex-1" />
        {canWrite && q === '' && items.length > 0 && (
          <Button look="danger-ghost" icon={Trash2} onClick={() => setAsking(true)}>
            {t('generate.prompts.clear')}
          </Button>
        )}
      </PageHead>
      <div ref={list} className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        {prompts.error && items.length === 0 && (
          <ErrorState error={prompts.error} onRetry={() => void prompts.refetch()} />
        )}
        {isEmpty &&
          (q ? (
            <EmptyState
              icon={SearchX}
              title={t('generate.prompts.none')}
              text={t('generate.prompts.noneText', { words: q })}
            >
              <Button onClick={() => search('')}>{t('generate.prompts.clearSearch')}</Button>
            </EmptyState>
          ) : (
            <EmptyState
              icon={History}
              title={t('generate.prompts.empty')}
              text={t('generate.prompts.emptyText')}
            >
              {canWrite && (
                <LinkButton to="/generate" look="ink">
                  {t('generate.prompts.write')}
                </LinkButton>
              )}
            </EmptyState>
          ))}
        {(prompts.isPending || items.length > 0) && (
          <div className="mx-auto flex w-full max-w-5xl flex-col gap-4 p-4 max-md:p-3">
            {prompts.isPending &&
              ['a', 'b', 'c', 'd'].map((key) => <Skeleton key={key} className="h-18 !rounded-8" />)}
            {byDay(items, (one) => one.used_at).map(([day, ofDay]) => (
              <section key={day} aria-label={format.day(day)}>
                <h2 className="mb-1 text-12 font-medium text-fg-3">
                  {day === today ? t('generate.activity.today') : format.day(day)}
                </h2>
                <ul className="overflow-hidden rounded-8 bg-surface shadow-1 outline outline-line">
                  {ofDay.map((prompt) => (
                    <Row
                      key={prompt.id}
                      prompt={prompt}
                      canWrite={canWrite}
                      actions={actions}
                      onKeep={() => setKept(prompt)}
                      onRemove={() => remove(prompt)}
                    />
                  ))}
                </ul>
              </section>
            ))}
            {prompts.hasNextPage && (
              <div className="flex justify-center">
                <Button
                  isPending={prompts.isFetchingNextPage}
                  onClick={() => void prompts.fetchNextPage()}
                >
                  {t('common.more')}
                </Button>
              </div>
            )}
          </div>
        )}
      </div>
      {kept && <Keeping prompt={kept} onClose={() => setKept(null)} />}
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        isPending={isPending}
        title={t('generate.prompts.clearTitle')}
        about={t('generate.prompts.clearText')}
        action={t('generate.prompts.clear')}
        onConfirm={() => void clear()}
      />
    </>
  );
}

/** A preset of the form as it stands, with this prompt in it. */
function Keeping({ prompt, onClose }: { prompt: Prompt; onClose: () => void }) {
  const { data: models } = useQuery(modelsQuery);
  const { data: operations } = useQuery(operationsQuery);
  const actions = usePresetActions();
  const draft = useDraft((state) => state.draft);
  if (!models || !operations) return null;
  const model = chooseModel(
    models.filter((one) => one.is_enabled && (one.can_generate || one.can_edit)),
    draft.modelId,
  );
  return (
    <PresetDialog
      preset={null}
      draft={{ ...usedDraft(draft, model), prompt: prompt.text }}
      model={model}
      operation={operations.find((one) => one.name === operationName)}
      actions={actions}
      onClose={onClose}
    />
  );
}

function Row({
  prompt,
  canWrite,
  actions,
  onKeep,
  onRemove,
}: {
  prompt: Prompt;
  canWrite: boolean;
  actions: PromptActions;
  onKeep: () => void;
  onRemove: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate();
  const [isWhole, setWhole] = useState(false);
  const { text, picture, run_id: runId, use_count: count } = prompt;
  const letters = [...text];
  const start = letters.length > 60 ? `${letters.slice(0, 60).join('')}…` : text;
  // So that one long prompt does not fill the screen.
  const [watch, isCut] = useCut(isWhole);
  /** Beside the text, or below it where there is no room. */
  const use = (className: string) =>
    canWrite && (
      <Button
        height="dense"
        icon={Sparkles}
        className={className}
        aria-label={`${t('generate.prompts.use')}: ${start}`}
        onClick={() => actions.use(prompt)}
      >
        {t('generate.prompts.use')}
      </Button>
    );
  return (
    <li className="flex items-start gap-3 border-line border-b p-3 last:border-b-0">
      <span className="flex size-12 shrink-0 items-center justify-center overflow-hidden rounded-6 bg-surface-2 text-fg-3 outline outline-line -outline-offset-1">
        {picture ? (
          <Link
            to="/library/$asset"
            params={{ asset: picture.id }}
            aria-label={t('generate.prompts.open', { text: start })}
            className="block size-full -outline-offset-2"
          >
            <Picture key={picture.id} asset={{ ...picture, average_color: '' }} sizes={48} alt="" />
          </Link>
        ) : (
          <Image size={20} strokeWidth={1.5} aria-hidden />
        )}
      </span>
      <div className="min-w-0 flex-1">
        <p
          ref={watch}
          lang=""
          className={`whitespace-pre-wrap text-14 [overflow-wrap:anywhere] ${isWhole ? '' : 'line-clamp-3'}`}
        >
          {text}
        </p>
        <div className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-12 text-fg-3 tabular-nums">
          <time dateTime={prompt.used_at} title={format.dateTime(prompt.used_at)}>
            {format.relative(prompt.used_at)}
          </time>
          <span>{t('generate.prompts.used', { count, value: format.number(count) })}</span>
          {isCut && (
            <button
              type="button"
              aria-expanded={isWhole}
              onClick={() => setWhole(!isWhole)}
              className="-my-1 rounded-4 py-1 text-fg-2 underline hover:text-fg touch:min-h-11"
            >
              {t(isWhole ? 'generate.prompts.less' : 'generate.prompts.whole')}
            </button>
          )}
          {use('md:hidden')}
        </div>
      </div>
      <div className="flex shrink-0 items-center gap-1">
        {use('max-md:hidden')}
        <Menu
          trigger={
            <IconButton
              data-prompt=""
              icon={Ellipsis}
              label={t('generate.prompts.more', { text: start })}
            />
          }
          entries={[
            canWrite && {
              label: t('generate.prompts.use'),
              icon: Sparkles,
              run: () => actions.use(prompt),
            },
            canWrite &&
              picture !== null && {
                label: t('generate.prompts.useAll'),
                icon: RotateCcw,
                run: () =>
                  void navigate({ to: '/generate', search: { recall: picture.id, what: 'all' } }),
              },
            { label: t('common.copy'), icon: Copy, run: () => actions.copy(prompt) },
            canWrite && { label: t('generate.presets.save'), icon: BookmarkPlus, run: onKeep },
            runId !== null && {
              label: t('generate.prompts.run'),
              icon: ListTodo,
              run: () => void navigate({ to: '/queue/$run', params: { run: runId } }),
            },
            canWrite && ('line' as const),
            canWrite && {
              label: t('generate.presets.remove'),
              icon: Trash2,
              isDanger: true,
              run: onRemove,
            },
          ]}
        />
      </div>
    </li>
  );
}
