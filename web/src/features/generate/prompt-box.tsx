import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { History } from 'lucide-react';
import { type RefObject, useId, useMemo, useRef, useState } from 'react';
import { promptsQuery } from '~/api/prompts';
import type { Model, Operation, Prompt } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { useKeptPrompts } from '~/lib/kept-prompts';
import { IconButton } from '~/ui/button';
import { Field, TextArea } from '~/ui/field';
import { LinkButton } from '~/ui/link';
import { Popover } from '~/ui/popover';
import { useDraft } from './draft';
import { type MentionKeys, MentionList } from './mention-list';
import { mentionAt, replaceMention } from './mention-model';
import { promptHistory, walkHistory } from './model';
import { type PromptTools, undoByKey } from './prompt-tools';

const textsOf = (prompts: InfiniteData<{ items: Prompt[] }>) =>
  prompts.pages.flatMap((page) => page.items.map(({ text }) => text));

/** The list is for what was just used; the page has all. */
const listed = 30;

/** The prompt, its length, and what was written before: Alt with the arrows, or the list. */
export function PromptBox({
  boxRef,
  lengthMax,
  ...form
}: {
  boxRef: RefObject<HTMLTextAreaElement | null>;
  lengthMax: number;
  models: Model[];
  model: Model | undefined;
  operation: Operation | undefined;
  tools: PromptTools;
}) {
  const t = useT();
  const format = useFormat();
  const value = useDraft((state) => state.draft.prompt);
  const change = useDraft((state) => state.change);
  const onChange = (prompt: string) => change({ prompt });
  const kept = useKeptPrompts((state) => state.texts);
  const used = useInfiniteQuery({ ...promptsQuery(''), select: textsOf });
  const all = useMemo(() => promptHistory(kept, used.data ?? []), [kept, used.data]);
  /** the earlier prompt that stands in the box */
  const [walked, setWalked] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const written = useRef('');
  /** where one types; -1: one went elsewhere, or wants no list */
  const [caret, setCaret] = useState(-1);
  const mention = caret < 0 ? null : mentionAt(value, caret);
  const [activeId, setActiveId] = useState('');
  const mentionKeys = useRef<MentionKeys>(null);
  const listId = useId();
  const pick = (words: string, run: (() => void) | undefined) => {
    if (!mention) return;
    const next = replaceMention(value, mention, words);
    setCaret(-1);
    onChange(next.text);
    run?.();
    requestAnimationFrame(() => boxRef.current?.setSelectionRange(next.caret, next.caret));
  };
  const length = [...value].length;
  const draft = walked === null ? value : written.current;
  const history = all.filter((text) => text !== draft.trim());
  const walk = (step: 1 | -1) => {
    const at = walked === null ? -1 : history.indexOf(walked);
    const next = walkHistory(history.length, at, step);
    if (next >= history.length - 2 && used.hasNextPage && !used.isFetching) {
      void used.fetchNextPage();
    }
    if (next === at) return;
    written.current = draft;
    setWalked(history[next] ?? null);
    onChange(history[next] ?? draft);
  };
  return (
    <Field
      label={t('generate.prompt.label')}
      error={
        length > lengthMax ? t('generate.prompt.long', { limit: format.number(lengthMax) }) : ''
      }
      aside={
        <span className="flex items-center gap-1">
          <span
            className={clsx('text-12 tabular-nums', length > lengthMax ? 'text-bad' : 'text-fg-3')}
          >
            {length > 0 && format.number(length)}
          </span>
          {history.length > 0 && (
            <Popover
              title={t('generate.prompt.history')}
              isOpen={isOpen}
              onOpenChange={setOpen}
              align="start"
              className="w-80 !p-1"
              trigger={
                <IconButton icon={History} label={t('generate.prompt.history')} size="dense" />
              }
            >
              <ul className="max-h-80 overflow-y-auto">
                {history.slice(0, listed).map((text) => (
                  <li key={text}>
                    <button
                      type="button"
                      onClick={() => {
                        setOpen(false);
                        setWalked(null);
                        onChange(text);
                      }}
                      className="w-full rounded-6 px-2 py-1.5 text-left text-13 hover:bg-surface-2"
                    >
                      <span lang="" className="line-clamp-2 [overflow-wrap:anywhere]">
                        {text}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
              <LinkButton
                to="/prompts"
                look="ghost"
                height="dense"
                className="mt-1 w-full"
                onClick={() => setOpen(false)}
              >
                {t('generate.prompts.all')}
              </LinkButton>
            </Popover>
          )}
        </span>
      }
    >
      <div className="relative">
        <TextArea
          aria-autocomplete="list"
          aria-controls={activeId ? listId : undefined}
          aria-activedescendant={activeId || undefined}
          ref={boxRef as RefObject<HTMLInputElement | null>}
          rows={6}
          value={value}
          lang=""
          data-field="prompt"
          placeholder={t('generate.prompt.placeholder')}
          className="max-h-80 min-h-32 [field-sizing:content]"
          onChange={(event) => {
            setWalked(null);
            onChange(event.target.value);
            setCaret(event.target.selectionStart ?? -1);
          }}
          onSelect={(event) => {
            const { selectionStart, selectionEnd } = event.target as HTMLTextAreaElement;
            if (selectionStart !== caret || selectionEnd !== caret) setCaret(-1);
          }}
          onBlur={() => setCaret(-1)}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return;
            if (mention && mentionKeys.current?.onKey(event)) {
              event.preventDefault();
              event.stopPropagation();
              return;
            }
            const key = event.key.toLowerCase();
            if ((event.ctrlKey || event.metaKey) && !event.altKey && (key === 'z' || key === 'y')) {
              if (undoByKey(value, key === 'z' && !event.shiftKey)) event.preventDefault();
              return;
            }
            if (!event.altKey) return;
            if (event.key === 'ArrowUp') walk(1);
            else if (event.key === 'ArrowDown') walk(-1);
            else return;
            event.preventDefault();
          }}
        />
        {mention && (
          <MentionList
            {...form}
            key={`${mention.kind}${mention.start}`}
            mention={mention}
            listId={listId}
            keysRef={mentionKeys}
            onActive={setActiveId}
            onPick={pick}
            onClose={() => setCaret(-1)}
          />
        )}
      </div>
    </Field>
  );
}
