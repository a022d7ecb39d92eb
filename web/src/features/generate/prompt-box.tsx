import { useInfiniteQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { History } from 'lucide-react';
import { type RefObject, useMemo, useRef, useState } from 'react';
import { runsQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { Field, TextArea } from '~/ui/field';
import { Popover } from '~/ui/popover';
import { useDraft } from './draft';
import { promptHistory, walkHistory } from './model';
import { undoByKey } from './prompt-tools';

/** The prompt, its length, and what was written before: Alt with the arrows, or the list. */
export function PromptBox({
  value,
  onChange,
  boxRef,
  lengthMax,
}: {
  value: string;
  onChange: (value: string) => void;
  boxRef: RefObject<HTMLTextAreaElement | null>;
  lengthMax: number;
}) {
  const t = useT();
  const format = useFormat();
  const kept = useDraft((state) => state.history);
  const runs = useInfiniteQuery(runsQuery('all'));
  const all = useMemo(
    () => promptHistory(kept, runs.data?.pages.flatMap((page) => page.items) ?? []),
    [kept, runs.data],
  );
  /** the earlier prompt that stands in the box */
  const [walked, setWalked] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const written = useRef('');
  const length = [...value].length;
  const draft = walked === null ? value : written.current;
  const history = all.filter((text) => text !== draft.trim());
  const walk = (step: 1 | -1) => {
    const at = walked === null ? -1 : history.indexOf(walked);
    const next = walkHistory(history.length, at, step);
    if (next >= history.length - 2 && runs.hasNextPage && !runs.isFetching) {
      void runs.fetchNextPage();
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
                {history.map((text) => (
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
                      <span className="line-clamp-2">{text}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </Popover>
          )}
        </span>
      }
    >
      <TextArea
        ref={boxRef as RefObject<HTMLInputElement | null>}
        rows={6}
        value={value}
        lang=""
        placeholder={t('generate.prompt.placeholder')}
        className="max-h-80 min-h-32 [field-sizing:content]"
        onChange={(event) => {
          setWalked(null);
          onChange(event.target.value);
        }}
        onKeyDown={(event) => {
          const key = event.key.toLowerCase();
          if ((event.ctrlKey || event.metaKey) && !event.altKey && (key === 'z' || key === 'y')) {
            if (undoByKey(value, key === 'z' && !event.shiftKey)) event.preventDefault();
            return;
          }
          if (!event.altKey || event.nativeEvent.isComposing) return;
          if (event.key === 'ArrowUp') walk(1);
          else if (event.key === 'ArrowDown') walk(-1);
          else return;
          event.preventDefault();
        }}
      />
    </Field>
  );
}
