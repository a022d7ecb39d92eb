import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import clsx from 'clsx';
import { ArrowLeft, ArrowLeftToLine, ArrowRight, Maximize2, X } from 'lucide-react';
import type { DragEvent } from 'react';
import { errorText } from '~/api/errors';
import { assetQuery } from '~/api/queries';
import type { ProductPhoto } from '~/api/types';
import { useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { Picture } from '~/ui/picture';

export const photoTile =
  'relative size-24 shrink-0 overflow-hidden rounded-8 bg-surface-2 outline outline-line -outline-offset-1';

/** A photo at its place: opened, moved and taken away by its menu, moved by keys and by drag. */
export function PhotoTile({
  id,
  photo,
  index,
  count,
  canWrite,
  isDragged,
  onMove,
  onKey,
  onRemove,
  ...drag
}: {
  id: string;
  photo: ProductPhoto | undefined;
  index: number;
  count: number;
  canWrite: boolean;
  isDragged: boolean;
  onMove: (to: number) => void;
  onKey: (key: string) => boolean;
  onRemove: () => void;
  onDragStart: (event: DragEvent) => void;
  onDragOver: (event: DragEvent) => void;
  onDragEnd: (event: DragEvent) => void;
}) {
  const t = useT();
  const navigate = useNavigate();
  const { data: asset, error } = useQuery({ ...assetQuery(id), enabled: !photo });
  const shown = photo ? { ...photo, average_color: '' } : asset;
  const name = t(index === 0 ? 'products.photos.main' : 'products.photos.item', {
    index: index + 1,
    name: shown?.name ?? '',
  });
  const entries = [
    index > 0 && {
      label: t('products.photos.first'),
      icon: ArrowLeftToLine,
      run: () => onMove(0),
    },
    index > 0 && {
      label: t('products.photos.earlier'),
      icon: ArrowLeft,
      keys: 'Alt+ArrowLeft',
      run: () => onMove(index - 1),
    },
    index < count - 1 && {
      label: t('products.photos.later'),
      icon: ArrowRight,
      keys: 'Alt+ArrowRight',
      run: () => onMove(index + 1),
    },
    {
      label: t('products.photos.open'),
      icon: Maximize2,
      run: () => void navigate({ to: '/library/$asset', params: { asset: id } }),
    },
    { label: t('products.photos.remove'), icon: X, run: onRemove },
  ] as const;
  const picture = (
    <>
      {shown && <Picture asset={shown} sizes={96} alt="" />}
      {error && <span className="block p-1 text-11 text-bad">{errorText(error, t)}</span>}
    </>
  );
  if (!canWrite) {
    return (
      <li className={photoTile}>
        <button
          type="button"
          aria-label={name}
          className="size-full focus-on-picture"
          onClick={() => void navigate({ to: '/library/$asset', params: { asset: id } })}
        >
          {picture}
        </button>
      </li>
    );
  }
  return (
    <li
      draggable
      data-photo={id}
      {...drag}
      className={clsx(photoTile, 'group', isDragged && 'opacity-50', error && '!outline-bad')}
    >
      <Menu
        align="start"
        isDraggable
        entries={entries}
        trigger={
          <button
            type="button"
            aria-label={name}
            aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight"
            className="size-full focus-on-picture"
            onKeyDown={(event) => {
              if (event.altKey && onKey(event.key)) event.preventDefault();
              else if (event.key === 'Delete') onRemove();
            }}
          >
            {picture}
          </button>
        }
      />
      {index === 0 && (
        <span
          aria-hidden
          className="pointer-events-none absolute bottom-1 left-1 rounded-4 bg-picture-scrim px-1 text-11 text-picture-fg"
        >
          {t('products.photos.mainMark')}
        </span>
      )}
      <IconButton
        icon={X}
        label={t('products.photos.remove')}
        look="picture"
        className="absolute top-0.5 right-0.5 !size-6 !rounded-6 opacity-0 transition-opacity focus-visible:opacity-100 group-hover:opacity-100 max-md:opacity-100"
        onClick={onRemove}
      />
    </li>
  );
}
