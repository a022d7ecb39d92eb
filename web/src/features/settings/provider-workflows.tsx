import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { ChevronRight, FileJson, Plus, Trash2 } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorDetail, errorText } from '~/api/errors';
import type { Workflow, WorkflowSpot } from '~/api/types';
import { formatNumber } from '~/lib/format';
import { currentLanguage, useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { Field, TextArea, TextInput } from '~/ui/field';
import { Menu } from '~/ui/menu';
import { Select } from '~/ui/select';
import { Skeleton } from '~/ui/states';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import {
  addable,
  declaredOf,
  isTaken,
  noRoomFor,
  type OwnWorkflow,
  type ParameterRow,
  type ReadWorkflow,
  readWorkflow,
  readWorkflowFile,
  rowsOf,
  spotsFor,
  withNew,
  withRow,
  workflowNameMax,
  workflowsMax,
  workflowsSizeMax,
} from './workflow-model';

/** Workflows of an account's own: a file becomes one, its parameters are looked at before it is kept. */
export function ProviderWorkflows({
  kind,
  label,
  help,
  error,
  workflows,
  onChange,
  isHeld,
  onHold,
}: {
  kind: string;
  label: string;
  help: string;
  error: string;
  workflows: OwnWorkflow[];
  /** of the list as it is by then: a file is read and asked about before it is in it */
  onChange: (change: (now: OwnWorkflow[]) => OwnWorkflow[]) => void;
  /** something was given that is not in the list yet */
  isHeld: boolean;
  onHold: (isHeld: boolean) => void;
}) {
  const t = useT();
  const format = useFormat();
  /** null: the one that came last */
  const [openId, setOpenId] = useState<string | null>('');
  /** files that are not in the list, which may be full by then */
  const [refused, setRefused] = useState<Refused[]>([]);
  const latest = useRef(workflows);
  useEffect(() => {
    latest.current = workflows;
  }, [workflows]);
  const add = (read: ReadWorkflow[]) => {
    if (read.length === 0) return;
    onChange((now) => withNew(now, read, t('settings.workflow.unnamed')));
    // Of several the list itself is what one looks at.
    setOpenId(read.length === 1 ? null : '');
  };
  const labelId = useId();
  return (
    // No field of the library's: its label would become that of every control within.
    <section aria-labelledby={labelId} className="flex min-w-0 flex-col gap-2">
      <div>
        <div className="flex min-h-5 items-center justify-between gap-2">
          <h3 id={labelId} className="text-13 font-medium">
            {label}
          </h3>
          <span className="text-12 text-fg-3 tabular-nums">
            {`${format.number(workflows.length)} / ${format.number(workflowsMax)}`}
          </span>
        </div>
        <p className="text-12 text-fg-3">{help}</p>
      </div>
      {workflows.length > 0 && (
        <ul aria-label={label} className="rounded-8 border border-line">
          {workflows.map((workflow, index) => {
            const { id } = workflow;
            const isOpen = openId === null ? index === workflows.length - 1 : openId === id;
            return (
              <WorkflowRow
                key={id}
                kind={kind}
                workflow={workflow}
                isOpen={isOpen}
                onToggle={() => setOpenId(isOpen ? '' : id)}
                onChange={(next) =>
                  onChange((now) => now.map((one) => (one.id === id ? next : one)))
                }
                onRemove={() => {
                  onChange((now) => now.filter((one) => one.id !== id));
                  if (isOpen) setOpenId('');
                }}
              />
            );
          })}
        </ul>
      )}
      {error && (
        <p role="alert" className="text-12 break-words text-bad">
          {error}
        </p>
      )}
      {(workflows.length < workflowsMax || isHeld) && (
        <NewWorkflow
          kind={kind}
          now={() => latest.current}
          onAdd={add}
          onRefuse={setRefused}
          onHold={onHold}
        />
      )}
      {refused.length > 0 && <RefusedFiles refused={refused} />}
    </section>
  );
}

const readQuery = (kind: string, graph: string) => ({
  queryKey: ['workflow', kind, graph],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    data(api.POST('/api/v1/provider-kinds/workflow', { body: { kind, graph }, signal })),
  staleTime: Number.POSITIVE_INFINITY, // the same text is the same for ever
  retry: false,
});

interface Refused {
  file: string;
  error: unknown;
}

/** Files that are chosen or dropped, or a text that is pasted; kept when the server can read it. */
function NewWorkflow({
  kind,
  now,
  onAdd,
  onRefuse,
  onHold,
}: {
  kind: string;
  /** the list as it is by then */
  now: () => readonly OwnWorkflow[];
  onAdd: (read: ReadWorkflow[]) => void;
  onRefuse: (refused: Refused[]) => void;
  onHold: (isHeld: boolean) => void;
}) {
  const t = useT();
  const picker = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [isOver, setOver] = useState(false);
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const isHeld = isPending || text.trim() !== '';
  useEffect(() => {
    onHold(isHeld);
    return () => onHold(false);
  }, [isHeld, onHold]);

  const ask = async (file: string, graph: string): Promise<ReadWorkflow> => {
    const seen = await data(api.POST('/api/v1/provider-kinds/workflow', { body: { kind, graph } }));
    const declared = { parameters: declaredOf(rowsOf({ id: '', graph }, seen)) };
    return { file, graph, ...(seen.is_marked ? {} : declared) };
  };
  const takeText = async (given: string) => {
    setError(null);
    onRefuse([]);
    try {
      // Between two keys typed text is no JSON, and the box stays as it is.
      const graph = readWorkflow(given);
      setPending(true);
      const read = await ask('', graph);
      setText('');
      onAdd([read]);
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };
  const takeFiles = async (files: File[]) => {
    if (files.length === 0) return;
    if (isPending) {
      showToast(t('settings.workflow.busy'), { tone: 'bad' });
      return;
    }
    onRefuse([]);
    setPending(true);
    const read: ReadWorkflow[] = [];
    const refused: Refused[] = [];
    for (const file of files) {
      try {
        // One that there is no room for is not asked about.
        const graph = await readWorkflowFile(file);
        const whyNot = noRoomFor(graph, [...now(), ...read]);
        if (whyNot) throw whyNot;
        read.push(await ask(file.name, graph));
      } catch (problem) {
        refused.push({ file: file.name, error: problem });
      }
    }
    onAdd(read);
    onRefuse(refused);
    setPending(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button within does the same
    <div
      className={clsx(
        'flex flex-col gap-2 rounded-8 border border-dashed p-3',
        isOver ? 'border-accent bg-surface-2' : 'border-line-ctl',
      )}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void takeFiles([...event.dataTransfer.files]);
      }}
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Button icon={FileJson} isPending={isPending} onClick={() => picker.current?.click()}>
          {t('settings.workflow.choose')}
        </Button>
        <p className="min-w-40 flex-1 text-12 text-fg-3">{t('settings.workflow.drop')}</p>
        <input
          ref={picker}
          type="file"
          accept="application/json,.json"
          multiple
          hidden
          aria-label={t('settings.workflow.choose')}
          onChange={(event) => {
            // A list of the element's own, which is emptied with it.
            void takeFiles([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
      </div>
      <Field
        label={t('settings.workflow.paste')}
        isLabelHidden
        error={error === null ? '' : refusedText(error, t)}
      >
        <TextArea
          rows={2}
          value={text}
          readOnly={isPending}
          spellCheck={false}
          lang=""
          placeholder={t('settings.workflow.paste')}
          className="font-mono text-12! break-all"
          onChange={(event) => {
            const next = event.target.value;
            setText(next);
            setError(null);
            if (next.trim() !== '') void takeText(next);
          }}
        />
      </Field>
    </div>
  );
}

function refusedText(error: unknown, t: ReturnType<typeof useT>): string {
  // What the page itself finds, before the server is asked.
  if (error instanceof ApiError && error.status === 0) {
    const limit = error.limit ?? 0;
    if (error.code === 'too_many') return t('settings.workflow.full', { limit });
    if (error.code === 'too_big') {
      const values = { limit: formatNumber(limit, currentLanguage()) };
      return limit === workflowsSizeMax
        ? t('settings.workflow.tooBigTogether', values)
        : t('settings.workflow.tooBig', values);
    }
  }
  return [errorText(error, t), errorDetail(error)].filter(Boolean).join(' ');
}

/** Each by its name: the others of the same choice are in the list. */
function RefusedFiles({ refused }: { refused: Refused[] }) {
  const t = useT();
  return (
    <div role="alert" className="flex flex-col gap-1 rounded-8 bg-surface-2 px-3 py-2 text-12">
      <p className="font-medium text-bad">
        {t('settings.workflow.refused', { count: refused.length })}
      </p>
      <ul className="flex flex-col gap-1">
        {refused.map(({ file, error }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change places, and names may be equal
          <li key={index} className="break-words">
            <span lang="" className="block font-medium">
              {file}
            </span>
            <span className="block text-fg-2">{refusedText(error, t)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function WorkflowRow({
  kind,
  workflow,
  isOpen,
  onToggle,
  onChange,
  onRemove,
}: {
  kind: string;
  workflow: OwnWorkflow;
  isOpen: boolean;
  onToggle: () => void;
  onChange: (workflow: OwnWorkflow) => void;
  onRemove: () => void;
}) {
  const t = useT();
  const id = useId();
  const name = workflow.name || workflow.id;
  return (
    <li className="border-line border-b last:border-b-0">
      <div className="flex items-center gap-1 py-1 pr-1 pl-1">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={onToggle}
          className="flex min-h-8 min-w-0 flex-1 items-center gap-1.5 rounded-6 px-1.5 py-1 text-left hover:bg-surface-2 touch:min-h-11"
        >
          <ChevronRight
            size={16}
            aria-hidden
            className={clsx('shrink-0 transition-transform duration-200', isOpen && 'rotate-90')}
          />
          <span className="min-w-0 flex-1">
            <span className="block break-words text-13 font-medium">{name}</span>
            <span className="block text-12 text-fg-3">
              {workflow.parameters
                ? t('settings.workflow.declared', { count: workflow.parameters.length })
                : t('settings.workflow.itself')}
            </span>
          </span>
        </button>
        <IconButton
          icon={Trash2}
          label={t('settings.workflow.remove', { name })}
          onClick={onRemove}
        />
      </div>
      {isOpen && (
        <div id={id} className="flex flex-col gap-3 px-3 pt-1 pb-3">
          <Field
            label={t('settings.workflow.name')}
            help={t('settings.workflow.id', { id: workflow.id })}
          >
            <TextInput
              value={workflow.name ?? ''}
              placeholder={workflow.id}
              maxLength={workflowNameMax}
              onChange={(event) => onChange({ ...workflow, name: event.target.value })}
            />
          </Field>
          <Parameters kind={kind} workflow={workflow} onChange={onChange} />
        </div>
      )}
    </li>
  );
}

function Parameters({
  kind,
  workflow,
  onChange,
}: {
  kind: string;
  workflow: OwnWorkflow;
  onChange: (workflow: OwnWorkflow) => void;
}) {
  const t = useT();
  const { data: seen, error } = useQuery(readQuery(kind, workflow.graph));
  if (error) {
    return (
      <p role="alert" className="text-12 break-words text-bad">
        {refusedText(error, t)}
      </p>
    );
  }
  if (!seen) return <Skeleton className="h-24 !rounded-8" />;
  if (seen.is_marked && !workflow.parameters) {
    return <p className="text-12 text-fg-3">{t('settings.workflow.marked')}</p>;
  }
  return (
    <ParameterList
      seen={seen}
      workflow={workflow}
      onChange={(rows) => onChange({ ...workflow, parameters: declaredOf(rows) })}
    />
  );
}

/** "Positive · text": what the node is called, and the input. */
const spotLabel = (spot: WorkflowSpot) => `${spot.title || spot.class} · ${spot.input}`;

function ParameterList({
  seen,
  workflow,
  onChange,
}: {
  seen: Workflow;
  workflow: OwnWorkflow;
  onChange: (rows: ParameterRow[]) => void;
}) {
  const t = useT();
  // Rows that are off are kept while the form is open; what is saved are those that are on.
  const [rows, setRows] = useState(() => rowsOf(workflow, seen));
  const change = (next: ParameterRow[]) => {
    setRows(next);
    onChange(next);
  };
  const more = addable(rows, seen);
  const nameOf = (row: ParameterRow, index: number) => {
    const same = rows.filter((one) => one.name === row.name);
    const label = t(`settings.workflow.parameter.${row.name}`);
    return same.length > 1 ? `${label} ${same.indexOf(rows[index] ?? row) + 1}` : label;
  };
  return (
    <div className="flex flex-col gap-2">
      <p className="text-12 text-fg-3">{t('settings.workflow.about')}</p>
      {!rows.some((row) => row.isOn && row.name === 'prompt') && (
        <p role="alert" className="text-12 text-bad">
          {t('settings.workflow.noPrompt')}
        </p>
      )}
      <ul aria-label={t('settings.workflow.parameters')} className="flex flex-col gap-1">
        {rows.map((row, index) => {
          const label = nameOf(row, index);
          const spots = spotsFor(row.name, seen);
          const set = (part: Partial<ParameterRow>) =>
            change(rows.map((one, at) => (at === index ? { ...one, ...part } : one)));
          const now = spots.findIndex((one) => one.node === row.node && one.input === row.input);
          return (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: rows never change places
              key={`${row.name} ${index}`}
              className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-2 md:grid-cols-[9rem_minmax(0,1fr)_auto]"
            >
              <span className="text-13">{label}</span>
              <div className="col-span-2 row-start-2 min-w-0 md:col-span-1 md:row-start-auto">
                <Select
                  label={t('settings.workflow.goesTo', { name: label })}
                  height="dense"
                  className={clsx('w-full', !row.isOn && 'opacity-60')}
                  value={now < 0 ? null : String(now)}
                  placeholder={`${row.node} · ${row.input}`}
                  onChange={(value) => {
                    const spot = spots[Number(value)];
                    if (spot) set({ node: spot.node, input: spot.input, isOn: true });
                  }}
                  options={spots.map((spot, at) => ({
                    value: String(at),
                    label: `${spotLabel(spot)} (${spot.node})`,
                    detail: spot.value.slice(0, 60),
                    ...(isTaken(rows, index, spot) ? { whyNot: t('settings.workflow.taken') } : {}),
                  }))}
                />
              </div>
              <Switch
                label={t('settings.workflow.use', { name: label })}
                isLabelHidden
                isOn={row.isOn}
                onChange={(isOn) => set({ isOn })}
              />
            </li>
          );
        })}
      </ul>
      {more.length > 0 && (
        <div>
          <Menu
            align="start"
            trigger={
              <Button height="dense" icon={Plus}>
                {t('settings.workflow.add')}
              </Button>
            }
            entries={more.map((name) => ({
              label: t(`settings.workflow.parameter.${name}`),
              run: () => change(withRow(rows, name, seen)),
            }))}
          />
        </div>
      )}
      <Notes seen={seen} />
    </div>
  );
}

/** What could not be decided, or was by a rule: somebody may want it otherwise. */
function Notes({ seen }: { seen: Workflow }) {
  const t = useT();
  // Without a prompt the list itself says so, until one is chosen.
  const notes = seen.notes.flatMap(({ code, ...note }) =>
    code === 'no_prompt' ? [] : [{ code, ...note }],
  );
  if (notes.length === 0) return null;
  return (
    <ul className="flex flex-col gap-1 rounded-8 bg-surface-2 px-3 py-2 text-12 text-fg-2">
      {notes.map((note) => (
        <li key={`${note.code} ${note.node} ${note.input}`} className="break-words">
          {t(`settings.workflow.note.${note.code}`, {
            node: `${note.title} (${note.node})`,
            input: note.input,
          })}
        </li>
      ))}
    </ul>
  );
}
