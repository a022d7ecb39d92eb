import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import { runQuery } from '~/api/queries';
import type { Model, RunRequest, Task } from '~/api/types';
import { type Translate, useFormat, useT } from '~/lib/i18n';
import { announce } from '~/ui/announce';
import { useRunActions, useStart } from './actions';
import { useDraft } from './draft';
import { joinTexts, type PromptTool, toolRequest, writerParameters } from './tool-model';

export interface Outcome {
  tool: PromptTool;
  /** the prompt before and after it was put in */
  before: string;
  after: string;
  written: NonNullable<Task['written']>;
  isPut: boolean;
}

interface ToolStore {
  /** what runs: its run, and the prompt it began with */
  job: { tool: PromptTool; runId: string; before: string } | null;
  /** what did not work: an answer of the API or a task that ended otherwise */
  problem: { error?: unknown; task?: Task } | null;
  outcome: Outcome | null;
  /** what was asked last, for another try */
  last: { tool: PromptTool; request: RunRequest } | null;
}

/** Outlives the page and the phone's sheet: what was paid for is there when one comes back. */
export const useToolStore = create<ToolStore>()(() => ({
  job: null,
  problem: null,
  outcome: null,
  last: null,
}));

/** Puts what was written into the prompt; what stood there is kept in the history. */
function putIn(tool: PromptTool, written: Outcome['written']) {
  const { draft, change, keepPrompt } = useDraft.getState();
  const before = draft.prompt;
  const after = tool === 'expand' ? written.text : joinTexts(before, written.text);
  keepPrompt();
  change({ prompt: after });
  useToolStore.setState({ outcome: { tool, written, before, after, isPut: true } });
}

export function putOutcome() {
  const { outcome } = useToolStore.getState();
  if (outcome) putIn(outcome.tool, outcome.written);
}

/** Back to the prompt before; what one wrote since is kept in the history. */
export function undoOutcome() {
  const { outcome } = useToolStore.getState();
  const { change, keepPrompt } = useDraft.getState();
  if (!outcome?.isPut) return;
  keepPrompt();
  change({ prompt: outcome.before });
  useToolStore.setState({ outcome: { ...outcome, isPut: false } });
}

/** Ctrl+Z right after it was put in, and its opposite; false: the browser's own undo goes on. */
export function undoByKey(value: string, isBack: boolean): boolean {
  const { outcome } = useToolStore.getState();
  if (!outcome) return false;
  if (isBack && outcome.isPut && value === outcome.after) undoOutcome();
  else if (!isBack && !outcome.isPut && value === outcome.before) putOutcome();
  else return false;
  return true;
}

export function dismissOutcome() {
  useToolStore.setState({ outcome: null, problem: null });
}

/** A prompt that was changed meanwhile is not written over: the text is offered instead. */
function settle(task: Task, t: Translate) {
  const { job } = useToolStore.getState();
  if (!job) return;
  if (task.state === 'done' && task.written) {
    useToolStore.setState({ job: null });
    const { prompt } = useDraft.getState().draft;
    if (job.tool === 'expand' && prompt !== job.before) {
      useToolStore.setState({
        outcome: {
          tool: job.tool,
          written: task.written,
          before: prompt,
          after: task.written.text,
          isPut: false,
        },
      });
    } else putIn(job.tool, task.written);
    announce(t(`generate.tool.${job.tool}.done`));
  } else if (task.state === 'failed') {
    useToolStore.setState({ job: null, problem: { task } });
  } else if (task.state === 'cancelled') useToolStore.setState({ job: null });
}

/** Better prompts of short ones, and what a picture shows in words. */
export function usePromptTools(models: readonly Model[]) {
  const t = useT();
  const { language } = useFormat();
  const { mutate, isPending } = useStart();
  const { cancelRun } = useRunActions();
  const { job, last } = useToolStore();
  const { data: run } = useQuery({
    ...runQuery(job?.runId ?? ''),
    enabled: job !== null,
    refetchInterval: job ? 4000 : false, // the live stream is quicker, but it may be lost
  });
  const task = job && run?.id === job.runId ? run.tasks[0] : undefined;
  useEffect(() => {
    if (task) settle(task, t);
  }, [task, t]);

  return useMemo(() => {
    const ask = (tool: PromptTool, request: RunRequest) => {
      if (isPending || job) return;
      const before = useDraft.getState().draft.prompt;
      useToolStore.setState({ problem: null, outcome: null, last: { tool, request } });
      mutate(
        { wish: JSON.stringify([tool, request]), request },
        {
          onSuccess: ({ id }) => useToolStore.setState({ job: { tool, runId: id, before } }),
          onError: (error) => useToolStore.setState({ problem: { error } }),
        },
      );
    };
    const written = (tool: PromptTool) =>
      writerParameters(models, useDraft.getState().writer, tool);
    const usable = models.filter((model) => model.is_enabled && model.can_write);
    return {
      /** all there are: those of the form make pictures */
      models,
      canExpand: usable.length > 0,
      canDescribe: usable.some((model) => model.can_see),
      isPending,
      job,
      task,
      expand: () => {
        const { prompt, product } = useDraft.getState().draft;
        if (!prompt.trim()) return;
        ask(
          'expand',
          toolRequest('expand', prompt, [], language, prompt, product, written('expand')),
        );
      },
      describe: (ids: string[]) =>
        ask(
          'describe',
          toolRequest(
            'describe',
            '',
            ids,
            language,
            t('generate.tool.describe.run'),
            useDraft.getState().draft.product,
            written('describe'),
          ),
        ),
      again: () => last && ask(last.tool, last.request),
      cancel: () => job && cancelRun(job.runId),
    };
  }, [models, isPending, mutate, job, task, last, language, t, cancelRun]);
}

export type PromptTools = ReturnType<typeof usePromptTools>;
