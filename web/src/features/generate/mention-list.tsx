import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { Bookmark, Image, type LucideIcon, ScanText, WandSparkles } from 'lucide-react';
import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useState } from 'react';
import { assetQuery, assetsQuery } from '~/api/queries';
import type { Model, Operation } from '~/api/types';
import { useT } from '~/lib/i18n';
import { matchRank } from '~/lib/match-rank';
import { addWithin } from '~/lib/references';
import { useRested } from '~/lib/use-now';
import { usePaidWait } from '~/live/paid';
import { announce } from '~/ui/announce';
import { Picture } from '~/ui/picture';
import { useDraft } from './draft';
import type { Mention } from './mention-model';
import { presetAbout } from './preset-entries';
import { presetsQuery, useApplyPreset } from './presets';
import type { PromptTools } from './prompt-tools';

export interface MentionKeys {
  /** true: the key was for the list; one that chooses nothing is not, or Tab would go nowhere */
  onKey: (event: KeyboardEvent) => boolean;
}

interface Option {
  id: string;
  label: string;
  note?: string;
  /** of a picture: its id */
  picture?: string;
  icon?: LucideIcon;
  whyNot?: string | undefined;
  /** what stands in the place of what was typed */
  words: string;
  run?: () => void;
}

interface ListProps {
  mention: Mention;
  listId: string;
  models: Model[];
  model: Model | undefined;
  operation: Operation | undefined;
  tools: PromptTools;
  keysRef: Ref<MentionKeys>;
  onActive: (optionId: string) => void;
  /** puts the words in, then does what the choice does */
  onPick: (words: string, run: (() => void) | undefined) => void;
  onClose: () => void;
}

const recentMax = 8;
/** Seen at once: a list that scrolls would have to take the focus to be scrolled by keys. */
const shownMax = 6;

/** The references of the form, then the pictures that were made last or that have this name. */
function usePictures(query: string, isAsked: boolean, model: Model | undefined): Option[] {
  const t = useT();
  const references = useDraft((state) => state.draft.references);
  const q = useRested(query, 200);
  const { data, isPlaceholderData } = useInfiniteQuery({
    ...assetsQuery(q ? { q } : {}, 'newest'),
    enabled: isAsked,
  });
  if (!isAsked) return [];
  const name = (index: number) => t('generate.references.item', { index: index + 1 });
  const most = model?.references_max;
  // Until those are there that were asked for, of the ones before only what has this name.
  const isSettled = q === query && !isPlaceholderData;
  const recent = (data?.pages.flatMap(({ items }) => items) ?? [])
    .filter(({ id, name: own }) => {
      if (references.includes(id)) return false;
      return isSettled || query === '' || matchRank(own, query) > 1;
    })
    .slice(0, recentMax);
  return [
    ...references
      .map((id, index) => ({ id, label: name(index), picture: id, words: name(index) }))
      .filter(({ label }) => matchRank(label, query) > 1 || query === ''),
    ...recent.map(({ id, name: own }) => {
      const { ids } = addWithin(references, [id], most);
      const at = ids.indexOf(id);
      return {
        id,
        label: own || t('common.palette.picture'),
        note: t('generate.mention.recent'),
        picture: id,
        words: name(at),
        whyNot:
          at >= 0
            ? undefined
            : most === 0
              ? t('generate.references.none', { model: model?.label ?? '' })
              : t('generate.submit.references', { count: most ?? references.length }),
        run: () => useDraft.getState().addReferences([id]),
      };
    }),
  ];
}

/** The tools under the prompt, then the presets. */
function useCommandOptions(
  { query, end }: Mention,
  isAsked: boolean,
  { models, operation, tools }: Pick<ListProps, 'models' | 'operation' | 'tools'>,
): Option[] {
  const t = useT();
  const offline = usePaidWait();
  const { references, prompt } = useDraft((state) => state.draft);
  const { data: presets = [] } = useQuery({ ...presetsQuery, enabled: isAsked });
  const apply = useApplyPreset(models, operation);
  if (!isAsked) return [];
  const busy = offline || (tools.job || tools.isPending ? t('generate.tool.busy') : '');
  const options: Option[] = [
    ...(tools.canExpand
      ? [
          {
            id: 'expand',
            label: t('generate.tool.expand'),
            icon: WandSparkles,
            whyNot: busy || (prompt.slice(end).trim() ? '' : t('generate.submit.noPrompt')),
            words: '',
            run: tools.expand,
          },
        ]
      : []),
    ...(tools.canDescribe
      ? [
          {
            id: 'describe',
            label: t('generate.tool.describe'),
            icon: ScanText,
            whyNot: busy || (references.length ? '' : t('generate.tool.describe.noPicture')),
            words: '',
            run: () => tools.describe(references.slice(0, 16)),
          },
        ]
      : []),
    ...presets.map((preset) => ({
      id: preset.id,
      label: preset.name,
      note: presetAbout(preset, models, t),
      icon: Bookmark,
      words: '',
      run: () => apply(preset),
    })),
  ];
  return options.filter(({ label }) => matchRank(label, query) > 0);
}

/** Below the prompt, which keeps the focus: arrows, Enter or Tab choose, Esc closes. */
export function MentionList({
  mention,
  listId,
  keysRef,
  onActive,
  onPick,
  onClose,
  ...form
}: ListProps) {
  const t = useT();
  const isPicture = mention.kind === 'picture';
  const pictures = usePictures(mention.query, isPicture, form.model);
  const commands = useCommandOptions(mention, !isPicture, form);
  const options = isPicture ? pictures : commands;
  const count = options.length;
  // Other words begin at the top again; what is shown moves on only where it has to.
  const [place, setPlace] = useState({ query: '', at: 0, from: 0 });
  const isSame = place.query === mention.query;
  const at = isSame ? Math.min(place.at, count - 1) : 0;
  const from = isSame ? Math.min(place.from, Math.max(0, count - shownMax)) : 0;
  const active = options[at];
  const setAt = (next: number) =>
    setPlace({
      query: mention.query,
      at: next,
      from: Math.min(next, Math.max(from, next - shownMax + 1)),
    });
  const activeId = active ? `${listId}-${active.id}` : '';
  useEffect(() => {
    onActive(activeId);
    return () => onActive('');
  }, [activeId, onActive]);
  useEffect(() => {
    if (count > 0) announce(t('generate.mention.found', { count }));
  }, [count, t]);
  const pick = (option: Option | undefined): boolean => {
    if (!option || option.whyNot) return false;
    onPick(option.words, option.run);
    return true;
  };
  useImperativeHandle(keysRef, () => ({
    onKey: ({ key, ctrlKey, metaKey, altKey, shiftKey }) => {
      if (count === 0 || ctrlKey || metaKey || altKey || shiftKey) return false;
      if (key === 'ArrowDown') setAt((at + 1) % count);
      else if (key === 'ArrowUp') setAt((at + count - 1) % count);
      else if (key === 'Enter' || key === 'Tab') return pick(active);
      else if (key === 'Escape') onClose();
      else return false;
      return true;
    },
  }));
  if (count === 0) return null;
  return (
    <div
      id={listId}
      role="listbox"
      aria-label={t(isPicture ? 'generate.mention.pictures' : 'generate.mention.commands')}
      className="popup absolute top-full right-0 left-0 z-40 mt-1 p-1"
    >
      {options.slice(from, from + shownMax).map((option, row) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the prompt has the focus and takes the keys
        <div
          key={option.id}
          id={`${listId}-${option.id}`}
          role="option"
          aria-selected={from + row === at}
          aria-setsize={count}
          aria-posinset={from + row + 1}
          aria-disabled={Boolean(option.whyNot) || undefined}
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => from + row !== at && setAt(from + row)}
          onClick={() => pick(option)}
          className={clsx(
            'flex min-h-9 cursor-default items-center gap-2.5 rounded-6 px-2 py-1 text-13 touch:min-h-11',
            from + row === at && 'bg-surface-2',
          )}
        >
          <Sight option={option} />
          <span lang="" className="min-w-0 flex-1 truncate">
            {option.label}
          </span>
          {(option.whyNot || option.note) && (
            <span className="max-w-[55%] truncate text-12 text-fg-3">
              {option.whyNot || option.note}
            </span>
          )}
        </div>
      ))}
    </div>
  );
}

function Sight({ option: { picture, icon: Icon = Image } }: { option: Option }) {
  const { data: asset } = useQuery(assetQuery(picture ?? ''));
  return (
    <span className="flex size-7 shrink-0 items-center justify-center overflow-hidden rounded-4 text-fg-2">
      {picture && asset ? (
        <Picture asset={asset} sizes={28} alt="" />
      ) : (
        <Icon size={16} strokeWidth={1.75} aria-hidden />
      )}
    </span>
  );
}
