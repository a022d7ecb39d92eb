import { useInfiniteQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { Check, ImageOff } from 'lucide-react';
import { useState } from 'react';
import { assetsQuery } from '~/api/queries';
import { useT } from '~/lib/i18n';
import { useRested } from '~/lib/use-now';
import { Button } from './button';
import { Dialog } from './dialog';
import { Field, TextInput } from './field';
import { Picture } from './picture';
import { EmptyState, ErrorState, Skeleton } from './states';

/** Chooses pictures of the library; the order of choosing is their order. */
export function LibraryPicker({
  title,
  chosen,
  most,
  onClose,
  onChoose,
}: {
  title: string;
  chosen: readonly string[];
  most: number;
  onClose: () => void;
  onChoose: (ids: string[]) => void;
}) {
  const t = useT();
  const [ids, setIds] = useState<string[]>([...chosen]);
  const [words, setWords] = useState('');
  const q = useRested(words.trim(), 250);
  const list = useInfiniteQuery(assetsQuery(q ? { q } : {}, 'newest'));
  const assets = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={title}
      width="wide"
      foot={
        <>
          <span className="mr-auto self-center text-13 text-fg-3 tabular-nums">
            {`${ids.length} / ${most}`}
          </span>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button look="ink" onClick={() => onChoose(ids)}>
            {t('picker.use')}
          </Button>
        </>
      }
    >
      <Field label={t('picker.search')} isLabelHidden className="mb-3">
        <TextInput
          type="search"
          value={words}
          placeholder={t('picker.search')}
          onChange={(event) => setWords(event.target.value)}
        />
      </Field>
      <div className="min-h-72">
        {list.isPending && (
          <div className="grid grid-cols-4 gap-2 md:grid-cols-6">
            {Array.from({ length: 12 }, (_, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no names
              <Skeleton key={index} className="aspect-square" />
            ))}
          </div>
        )}
        {list.error && <ErrorState error={list.error} onRetry={() => void list.refetch()} />}
        {list.data && assets.length === 0 && (
          <EmptyState icon={ImageOff} title={t('picker.empty')} text={t('picker.emptyText')} />
        )}
        <div className="grid grid-cols-4 gap-2 md:grid-cols-6">
          {assets.map((asset) => {
            const at = ids.indexOf(asset.id);
            return (
              <button
                key={asset.id}
                type="button"
                aria-pressed={at >= 0}
                aria-label={asset.name}
                onClick={() =>
                  setIds(
                    at >= 0
                      ? ids.filter((id) => id !== asset.id)
                      : ids.length < most
                        ? [...ids, asset.id]
                        : ids,
                  )
                }
                className={clsx(
                  'relative aspect-square overflow-hidden rounded-8 focus-on-picture',
                  at >= 0 && 'outline-2 outline-accent outline-offset-2 outline',
                )}
              >
                <Picture asset={asset} sizes={120} alt="" />
                {at >= 0 && (
                  <span className="absolute top-1 left-1 flex h-5 min-w-5 items-center justify-center gap-0.5 rounded-full bg-accent px-1 text-11 text-accent-fg">
                    <Check size={12} aria-hidden />
                    {at + 1}
                  </span>
                )}
              </button>
            );
          })}
        </div>
        {list.hasNextPage && (
          <div className="mt-3 flex justify-center">
            <Button isPending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {t('common.more')}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}
