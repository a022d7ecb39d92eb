import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { Check } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { statsQuery } from '~/api/queue-stats';
import type { Model } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { matchRank } from '~/lib/match-rank';
import { ListSearch } from '~/ui/list-search';
import { Popover } from '~/ui/popover';
import { canUse, groupByProvider } from './model';
import { modelsShownMax, searchModels, usualOf } from './model-search';
import { useModelWords } from './model-words';

interface ListProps {
  listId: string;
  models: Model[];
  chosen: string;
  hasReferences: boolean;
  onChoose: (id: string) => void;
  onClose: () => void;
}

/** The list that the model's field opens. */
export function ModelList({
  anchor,
  isOpen,
  ...list
}: ListProps & { anchor: RefObject<HTMLElement | null>; isOpen: boolean }) {
  const t = useT();
  const first = useRef<HTMLElement | null>(null);
  return (
    <Popover
      anchor={anchor}
      focusFirst={first}
      title={t('generate.model.label')}
      align="start"
      isOpen={isOpen}
      onOpenChange={(open) => !open && list.onClose()}
      className={clsx(
        'flex !max-h-[min(26rem,var(--available-height))] w-[max(var(--anchor-width),22rem)] flex-col !overflow-hidden !p-0',
        // What is found is fewer than all: the field must not move under the hand.
        list.models.length > modelsShownMax && 'h-[26rem]',
      )}
    >
      <Options {...list} first={first} />
    </Popover>
  );
}

function Options({
  listId: id,
  models,
  chosen,
  hasReferences,
  onChoose,
  onClose,
  first,
}: ListProps & { first: RefObject<HTMLElement | null> }) {
  const t = useT();
  const format = useFormat();
  const { price, health } = useModelWords();
  const { data: stats } = useQuery(statsQuery({ range: '30d', by: 'model' }));
  const [words, setWords] = useState('');
  const isMany = models.length > modelsShownMax;
  const found = searchModels(groupByProvider(models), words);
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      found.findIndex((one) => one.id === chosen),
    ),
  );
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${at}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const whyNot = (one: Model) =>
    hasReferences && !canUse(one, 1) ? t('generate.model.noReferences') : '';
  const choose = (one: Model | undefined) => {
    if (!one || whyNot(one)) return;
    onChoose(one.id);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, at + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
    else if (event.key === 'Enter' || (event.key === ' ' && !isMany)) choose(found[at]);
    else if (!isMany && event.key === 'Home') setAt(0);
    else if (!isMany && event.key === 'End') setAt(found.length - 1);
    else if (!isMany && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      // The next one that begins so, round and round.
      const from = at + 1;
      const next = [...found.slice(from), ...found.slice(0, from)].find(
        (one) => matchRank(one.label || one.name, event.key) > 3,
      );
      if (next) setAt(found.indexOf(next));
    } else return;
    event.preventDefault();
  };

  const isGrouped = !words.trim() && new Set(found.map((one) => one.provider_id)).size > 1;
  const groups = isGrouped
    ? [...new Set(found.map((one) => one.provider_id))].map((provider) =>
        found.filter((one) => one.provider_id === provider),
      )
    : [found];
  const option = (one: Model) => {
    const index = found.indexOf(one);
    const usual = usualOf(one, models, stats?.groups ?? []);
    const lines = [
      [
        !isGrouped && one.provider_name,
        price(one),
        usual > 0 && t('generate.model.usual', { time: format.duration(usual) }),
        health(one),
      ],
      [
        one.references_max > 0 && t('generate.model.references', { count: one.references_max }),
        one.can_mask && t('generate.model.mask'),
        one.has_transparency && t('generate.model.transparency'),
        one.has_stream && t('generate.model.stream'),
      ],
    ].map((line) => line.filter(Boolean).join(' · '));
    return (
      // biome-ignore lint/a11y/useKeyWithClickEvents: the field or the list has the keys
      <div
        key={one.id}
        id={`${id}-${index}`}
        data-index={index}
        role="option"
        tabIndex={-1}
        aria-selected={one.id === chosen}
        aria-disabled={Boolean(whyNot(one))}
        onPointerMove={() => setAt(index)}
        onClick={() => choose(one)}
        className={clsx(
          'flex min-h-8 select-none items-center gap-2 rounded-6 py-1 pr-3 pl-2 text-13 outline-none max-md:min-h-11',
          index === at && 'bg-surface-2',
          whyNot(one) && 'opacity-50',
        )}
      >
        <span className="flex w-4 shrink-0 justify-center">
          {one.id === chosen && <Check size={14} className="text-accent-text" aria-hidden />}
        </span>
        <span className="min-w-0 flex-1">
          <span className="block break-words">{one.label || one.name}</span>
          {(whyNot(one) ? [whyNot(one)] : lines).map(
            (line) =>
              line && (
                <span key={line} className="block text-12 text-fg-3">
                  {line}
                </span>
              ),
          )}
        </span>
      </div>
    );
  };

  const active = found[at] ? `${id}-${at}` : undefined;
  return (
    <>
      {isMany && (
        <ListSearch
          inputRef={first as RefObject<HTMLInputElement | null>}
          label={t('generate.model.search')}
          listId={id}
          active={active}
          words={words}
          onWords={(next) => {
            setWords(next);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      )}
      <div
        ref={(element) => {
          list.current = element;
          if (!isMany) first.current = element;
        }}
        id={id}
        role="listbox"
        aria-label={t('generate.model.label')}
        tabIndex={isMany ? -1 : 0}
        {...(isMany ? {} : { 'aria-activedescendant': active, onKeyDown })}
        className="min-h-0 flex-1 overflow-y-auto p-1 outline-none"
      >
        {groups.map((group) =>
          isGrouped ? (
            <div key={group[0]?.provider_id} role="group" aria-label={group[0]?.provider_name}>
              <div aria-hidden className="truncate px-2 pt-2 pb-1 text-12 font-medium text-fg-3">
                {group[0]?.provider_name}
              </div>
              {group.map(option)}
            </div>
          ) : (
            group.map(option)
          ),
        )}
      </div>
      {found.length === 0 && (
        <p role="status" className="px-3 py-3 text-13 text-fg-2">
          {t('generate.model.none')}
        </p>
      )}
    </>
  );
}
