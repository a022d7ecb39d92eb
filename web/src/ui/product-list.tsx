import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import clsx from 'clsx';
import { Check } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { productsQuery } from '~/api/products';
import type { ProductSummary } from '~/api/types';
import { useT } from '~/lib/i18n';
import { useRested } from '~/lib/use-now';
import { ListSearch } from './list-search';
import { Popover } from './popover';
import { ProductPhoto } from './product-photo';
import { ErrorState } from './states';

interface ListProps {
  title: string;
  listId: string;
  chosen: string;
  onChoose: (product: ProductSummary) => void;
  onClose: () => void;
}

/** One's products, found by name, SKU or category: what a field or a chip opens to choose one. */
export function ProductList({
  anchor,
  isOpen,
  ...list
}: ListProps & { anchor: RefObject<HTMLElement | null>; isOpen: boolean }) {
  const first = useRef<HTMLInputElement>(null);
  return (
    <Popover
      anchor={anchor}
      focusFirst={first}
      title={list.title}
      align="start"
      isOpen={isOpen}
      onOpenChange={(open) => !open && list.onClose()}
      className="flex !max-h-[min(22rem,var(--available-height))] w-[max(var(--anchor-width),20rem)] flex-col !overflow-hidden !p-0"
    >
      <Options {...list} first={first} />
    </Popover>
  );
}

function Options({
  title,
  listId: id,
  chosen,
  onChoose,
  onClose,
  first,
}: ListProps & { first: RefObject<HTMLInputElement | null> }) {
  const t = useT();
  const [words, setWords] = useState('');
  const q = useRested(words.trim().slice(0, 200), 250);
  const { data, error, refetch, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery(
    productsQuery(q),
  );
  const found = data?.pages.flatMap((page) => page.items) ?? [];
  const [wanted, setAt] = useState(0);
  const at = Math.max(0, Math.min(wanted, found.length - 1));
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${at}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  useEffect(() => {
    if (at >= found.length - 3 && hasNextPage && !isFetching) void fetchNextPage();
  }, [at, found.length, hasNextPage, isFetching, fetchNextPage]);

  const choose = (one: ProductSummary | undefined) => {
    if (!one) return;
    onChoose(one);
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'ArrowDown') setAt(Math.min(found.length - 1, at + 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
    // What is still being looked for is not what stands there.
    else if (event.key === 'Enter') q === words.trim().slice(0, 200) && choose(found[at]);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <ListSearch
        inputRef={first}
        label={t('picker.product.search')}
        listId={id}
        active={found[at] ? `${id}-${at}` : undefined}
        words={words}
        onWords={(next) => {
          setWords(next);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div
        ref={list}
        id={id}
        role="listbox"
        aria-label={title}
        tabIndex={-1}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          const isNearEnd = scrollHeight - scrollTop - clientHeight < 200;
          if (isNearEnd && hasNextPage && !isFetching) void fetchNextPage();
        }}
        className="min-h-0 flex-1 overflow-y-auto p-1 outline-none"
      >
        {found.map((one, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
          <div
            key={one.id}
            id={`${id}-${index}`}
            data-index={index}
            role="option"
            tabIndex={-1}
            aria-selected={one.id === chosen}
            onPointerMove={() => setAt(index)}
            onClick={() => choose(one)}
            className={clsx(
              'flex min-h-10 select-none items-center gap-2.5 rounded-6 px-2 py-1 text-13 outline-none touch:min-h-11',
              index === at && 'bg-surface-2',
            )}
          >
            <ProductPhoto product={one} size={32} />
            <span className="min-w-0 flex-1">
              <span lang="" className="block truncate">
                {one.name}
              </span>
              {one.sku && (
                <span lang="" className="block truncate text-12 text-fg-3">
                  {one.sku}
                </span>
              )}
            </span>
            {one.id === chosen && (
              <Check size={14} className="shrink-0 text-accent-text" aria-hidden />
            )}
          </div>
        ))}
      </div>
      {error && <ErrorState error={error} onRetry={() => void refetch()} isCompact />}
      {data && found.length === 0 && (
        <p
          role="status"
          className="flex flex-wrap justify-between gap-2 px-3 pb-3 text-13 text-fg-2"
        >
          {t(q ? 'picker.product.none' : 'picker.product.empty')}
          {!q && (
            <Link to="/products" className="text-accent-text hover:underline">
              {t('picker.product.add')}
            </Link>
          )}
        </p>
      )}
    </>
  );
}
