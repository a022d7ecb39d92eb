import { Link } from '@tanstack/react-router';
import {
  CircleAlert,
  Plus,
  RotateCw,
  ScanText,
  Sparkles,
  Undo2,
  WandSparkles,
  X,
} from 'lucide-react';
import { codeText, errorDetail, errorText } from '~/api/errors';
import type { Operation } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { elapsedMs } from '~/lib/time';
import { useNow } from '~/lib/use-now';
import { usePaidWait } from '~/live/paid';
import { Button, IconButton } from '~/ui/button';
import { LinkButton } from '~/ui/link';
import { Menu } from '~/ui/menu';
import { Quoted } from '~/ui/quoted';
import { StateMark } from '~/ui/state-mark';
import { useDraft } from './draft';
import { promptLengthMax } from './model';
import {
  dismissOutcome,
  type PromptTools,
  putOutcome,
  undoOutcome,
  useToolStore,
} from './prompt-tools';
import { joinKeyword } from './tool-model';
import { ToolPrices } from './tool-price';
import { WriterMenu } from './writer-menu';

/** Under the prompt: the tools, what they are doing, what came of it and the way back. */
export function ToolBar({
  tools,
  expanding,
  references,
}: {
  tools: PromptTools;
  /** the operation, for its limit */
  expanding: Operation | undefined;
  references: string[];
}) {
  const t = useT();
  const offline = usePaidWait();
  const noPrompt = useDraft(({ draft: { prompt } }) => {
    if (prompt.trim() === '') return t('generate.submit.noPrompt');
    return [...prompt].length > promptLengthMax(expanding) ? t('generate.submit.longPrompt') : '';
  });
  if (!tools.canExpand) {
    return (
      <p className="text-12 text-fg-3">
        {t('generate.tool.none')}{' '}
        <Link to="/settings/providers" className="text-accent-text hover:underline">
          {t('generate.noModels.action')}
        </Link>
      </p>
    );
  }
  const busy = tools.job || tools.isPending ? t('generate.tool.busy') : '';
  const noPicture = references.length === 0 ? t('generate.tool.describe.noPicture') : '';
  const describe = (
    <Button
      look="ghost"
      height="dense"
      icon={ScanText}
      whyNot={offline || busy || noPicture}
      onClick={() => references.length === 1 && tools.describe(references)}
    >
      {t('generate.tool.describe')}
    </Button>
  );
  return (
    <div className="flex flex-col gap-2">
      <div className="-ml-2 flex flex-wrap gap-1">
        <Button
          look="ghost"
          height="dense"
          icon={WandSparkles}
          whyNot={offline || busy || noPrompt}
          onClick={tools.expand}
        >
          {t('generate.tool.expand')}
        </Button>
        {tools.canDescribe &&
          (references.length > 1 && !busy && !offline ? (
            <Menu
              align="start"
              trigger={describe}
              entries={[
                ...references.map((id, index) => ({
                  label: t('generate.references.item', { index: index + 1 }),
                  run: () => tools.describe([id]),
                })),
                'line',
                {
                  label: t('generate.tool.describe.all'),
                  run: () => tools.describe(references.slice(0, 16)),
                },
              ]}
            />
          ) : (
            describe
          ))}
        <WriterMenu models={tools.models} />
      </div>
      <ToolPrices models={tools.models} references={references} />
      {tools.job && <Running tools={tools} />}
      <Problem tools={tools} />
      <Came />
    </div>
  );
}

const box = 'rounded-8 bg-surface-2 px-3 py-2 text-12';

function Running({ tools }: { tools: PromptTools }) {
  const t = useT();
  const format = useFormat();
  const now = useNow(true);
  const { job, task } = tools;
  if (!job) return null;
  const elapsed = task ? elapsedMs(task.started_at ?? task.created_at, now) : 0;
  return (
    <div role="status" className={`${box} flex items-center gap-2`}>
      <Sparkles size={14} aria-hidden className="shrink-0 text-accent-text" />
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{t(`generate.tool.${job.tool}.run`)}</span>
        <span className="flex flex-wrap items-center gap-x-2 text-fg-3 tabular-nums">
          <StateMark state={task?.state ?? 'ready'} className="!gap-1 !text-12 [&_svg]:size-3.5" />
          {task?.state === 'running' || task?.state === 'waiting'
            ? format.duration(elapsed)
            : task && task.position > 0
              ? t('generate.slot.position', { place: task.position })
              : ''}
          {task?.state === 'held' && (
            <Link to="/queue/$run" params={{ run: task.run_id }} className="underline">
              {t('generate.tool.answer')}
            </Link>
          )}
        </span>
      </span>
      <Button height="dense" onClick={tools.cancel}>
        {t('common.cancel')}
      </Button>
    </div>
  );
}

function Problem({ tools }: { tools: PromptTools }) {
  const t = useT();
  const problem = useToolStore((state) => state.problem);
  const whyNot = usePaidWait();
  if (!problem) return null;
  const error = problem.task?.error;
  const said = error ? error.message : errorDetail(problem.error);
  return (
    <div className="rounded-8 bg-bad-soft px-3 py-2 text-12">
      <p role="alert" className="flex items-start gap-1.5 text-bad">
        <CircleAlert size={14} className="mt-px shrink-0" aria-hidden />
        {error ? codeText(error.code, t) : errorText(problem.error, t)}
      </p>
      {said && <Quoted text={said} className="mt-1 line-clamp-5" />}
      <div className="mt-2 flex flex-wrap gap-1.5">
        <Button height="dense" icon={RotateCw} whyNot={whyNot} onClick={tools.again}>
          {t('common.retry')}
        </Button>
        {error?.next === 'open_provider' && (
          <LinkButton to="/settings/providers" height="dense">
            {t('generate.slot.openProvider')}
          </LinkButton>
        )}
        <Button look="ghost" height="dense" onClick={dismissOutcome}>
          {t('common.close')}
        </Button>
      </div>
    </div>
  );
}

function Came() {
  const t = useT();
  const outcome = useToolStore((state) => state.outcome);
  const { draft, change } = useDraft();
  if (!outcome) return null;
  const { written, tool, isPut } = outcome;
  const left = written.keywords.filter(
    (word) => !draft.prompt.toLocaleLowerCase().includes(word.toLocaleLowerCase()),
  );
  return (
    <div className={`${box} flex flex-col gap-2`}>
      <div className="flex items-center gap-2">
        <p className="min-w-0 flex-1">
          {t(isPut ? `generate.tool.${tool}.done` : 'generate.tool.ready')}
        </p>
        {isPut ? (
          <Button height="dense" icon={Undo2} onClick={undoOutcome}>
            {t('common.undo')}
          </Button>
        ) : (
          <Button height="dense" onClick={putOutcome}>
            {t('generate.tool.put')}
          </Button>
        )}
        <IconButton
          icon={X}
          size="dense"
          className="-mr-2"
          label={t('common.close')}
          onClick={dismissOutcome}
        />
      </div>
      {!isPut && (
        <p lang="" className="max-h-32 overflow-y-auto break-words whitespace-pre-wrap text-fg-2">
          {written.text}
        </p>
      )}
      {left.length > 0 && (
        <ul aria-label={t('generate.tool.keywords')} className="flex flex-wrap gap-1">
          {left.slice(0, 20).map((word) => (
            <li key={word} className="max-w-full">
              <button
                type="button"
                lang=""
                aria-label={t('generate.tool.addKeyword', { word })}
                onClick={() => change({ prompt: joinKeyword(draft.prompt, word) })}
                className="inline-flex min-h-6 max-w-full items-center gap-1 rounded-full bg-surface px-2 text-left outline outline-line hover:bg-surface-3 touch:min-h-11"
              >
                <Plus size={12} aria-hidden className="shrink-0" />
                <span className="truncate">{word}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
