import clsx from 'clsx';
import { Images, Plus, Upload as UploadIcon } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { errorText } from '~/api/errors';
import type { ProductPhoto } from '~/api/types';
import { addUploads, pictureFiles, useUploads } from '~/api/uploads';
import { useT } from '~/lib/i18n';
import { moveItem } from '~/lib/move-item';
import { announce } from '~/ui/announce';
import { Menu } from '~/ui/menu';
import { LibraryPicker } from '~/ui/picker';
import { showToast } from '~/ui/toast';
import { UploadTile } from '~/ui/upload-tile';
import { movedByKey, photosMax } from './model';
import { PhotoTile, photoTile } from './photo-tile';

interface PhotosProps {
  ids: string[];
  /** those that are known already; of the others it is asked */
  known: readonly ProductPhoto[];
  error?: string | undefined;
  canWrite: boolean;
  onChange: (change: (ids: string[]) => string[]) => void;
  onAdd: (ids: string[]) => void;
  /** how many are on their way */
  onSending?: (count: number) => void;
  /** opens the computer's files; for a key of the page */
  pickRef?: { current: (() => void) | null };
}

/** The photos of a product in their order, the first is the main one: dropped, pasted, uploaded or from the library. */
export function Photos({
  ids,
  known,
  error,
  canWrite,
  onChange,
  onAdd,
  onSending,
  pickRef,
}: PhotosProps) {
  const t = useT();
  const [mine, setMine] = useState<string[]>([]);
  const uploads = useUploads(({ items }) => items).filter(
    (item) => item.state !== 'done' && mine.includes(item.id),
  );
  const [isLibraryOpen, setLibraryOpen] = useState(false);
  const [isOver, setOver] = useState(false);
  const [dragged, setDragged] = useState<{ id: string; ids: string[] } | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  /** whose button gets the focus when the list was drawn anew */
  const next = useRef('');
  const shown = dragged?.ids ?? ids;
  const isFull = ids.length + uploads.length >= photosMax;
  const sending = uploads.filter((item) => item.state !== 'failed').length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a change of the list moves the focus
  useLayoutEffect(() => {
    if (!next.current) return;
    list.current?.querySelector<HTMLElement>(`[data-photo="${next.current}"] button`)?.focus();
    next.current = '';
  }, [shown.join()]);
  useEffect(() => onSending?.(sending), [onSending, sending]);

  const takeFiles = (files: File[]) => {
    const room = photosMax - ids.length - uploads.length;
    const ids_ = addUploads(files.slice(0, Math.max(0, room)), (asset) => onAdd([asset.id]));
    setMine((before) => [...before, ...ids_]);
    if (files.length > room) {
      showToast(t('products.photos.full', { count: photosMax }), { tone: 'bad' });
    }
  };
  const latest = useRef(takeFiles);
  useLayoutEffect(() => {
    latest.current = takeFiles;
    if (pickRef) pickRef.current = () => picker.current?.click();
  });
  useEffect(() => {
    if (!canWrite) return;
    // Wherever on the page they are dropped: beside the box they would lead away to the library.
    const take = (event: Event, files: File[]) => {
      if (event.defaultPrevented || files.length === 0) return;
      event.preventDefault();
      latest.current(files);
    };
    const onPaste = (event: ClipboardEvent) => take(event, pictureFiles(event.clipboardData));
    const onDrop = (event: DragEvent) => take(event, pictureFiles(event.dataTransfer));
    document.addEventListener('paste', onPaste);
    document.addEventListener('drop', onDrop);
    return () => {
      document.removeEventListener('paste', onPaste);
      document.removeEventListener('drop', onDrop);
    };
  }, [canWrite]);

  const put = (id: string, to: string[] | null) => {
    if (!to) return false;
    next.current = id;
    onChange(() => to);
    announce(t('products.photos.moved', { index: to.indexOf(id) + 1, count: to.length }));
    return true;
  };
  const remove = (id: string) => {
    const at = ids.indexOf(id);
    next.current = ids[at + 1] ?? ids[at - 1] ?? 'add';
    onChange((before) => before.filter((one) => one !== id));
  };
  const failed = uploads.find((item) => item.state === 'failed');

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the menu beside it does the same
    <div
      onDragOver={(event) => {
        if (!canWrite || !event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={() => setOver(false)}
    >
      <input
        ref={picker}
        type="file"
        accept="image/*"
        multiple
        hidden
        aria-label={t('products.photos.upload')}
        onChange={(event) => {
          takeFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
      <ul
        ref={list}
        aria-label={t('products.photos.label')}
        className="flex flex-wrap gap-2"
        onDragOver={(event) => dragged && event.preventDefault()}
        onDrop={(event) => dragged && event.preventDefault()}
      >
        {shown.map((id, index) => (
          <PhotoTile
            key={id}
            id={id}
            photo={known.find((one) => one.id === id)}
            index={index}
            count={shown.length}
            canWrite={canWrite}
            isDragged={dragged?.id === id}
            onMove={(to) => put(id, moveItem(ids, index, to))}
            onKey={(key) => put(id, movedByKey(ids, id, key))}
            onRemove={() => remove(id)}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move';
              event.dataTransfer.setData('text/plain', id);
              setDragged({ id, ids });
            }}
            onDragOver={(event) => {
              if (!dragged) return;
              event.preventDefault();
              if (dragged.id === id) return;
              const from = dragged.ids.indexOf(dragged.id);
              setDragged({ ...dragged, ids: moveItem(dragged.ids, from, index) });
            }}
            onDragEnd={(event) => {
              const to = dragged?.ids;
              setDragged(null);
              if (to && event.dataTransfer.dropEffect !== 'none' && to.join() !== ids.join()) {
                onChange(() => to);
              }
            }}
          />
        ))}
        {uploads.map((item) => (
          <UploadTile
            key={item.id}
            item={item}
            className={photoTile}
            labels={{
              retry: t('products.photos.retry', { name: item.name }),
              sending: t('products.photos.sending', { name: item.name }),
              remove: t('products.photos.remove'),
            }}
          />
        ))}
        {canWrite && !isFull && (
          <li data-photo="add" className={clsx(ids.length + uploads.length === 0 && 'w-full')}>
            <Menu
              align="start"
              trigger={
                <button
                  type="button"
                  aria-label={
                    ids.length + uploads.length > 0 ? t('products.photos.add') : undefined
                  }
                  className={clsx(
                    'flex h-24 items-center justify-center gap-2 rounded-8 border border-dashed text-13 transition-colors duration-100',
                    ids.length + uploads.length === 0 ? 'w-full px-3' : 'w-24',
                    isOver
                      ? 'border-accent bg-accent-soft text-accent-text'
                      : 'border-line-ctl text-fg-3 hover:bg-surface-2 hover:text-fg-2',
                  )}
                >
                  <Plus size={16} strokeWidth={1.75} aria-hidden />
                  {ids.length + uploads.length === 0 && t('products.photos.drop')}
                </button>
              }
              entries={[
                {
                  label: t('products.photos.upload'),
                  icon: UploadIcon,
                  run: () => picker.current?.click(),
                },
                {
                  label: t('products.photos.library'),
                  icon: Images,
                  run: () => setLibraryOpen(true),
                },
              ]}
            />
          </li>
        )}
        {!canWrite && ids.length === 0 && (
          <li className="text-13 text-fg-2">{t('products.photos.none')}</li>
        )}
      </ul>
      {(error || failed) && (
        <p role="alert" className="mt-1 text-12 text-bad">
          {error || errorText(failed?.error, t)}
        </p>
      )}
      {isLibraryOpen && (
        <LibraryPicker
          title={t('products.photos.choose')}
          chosen={ids}
          most={photosMax - uploads.length}
          onClose={() => setLibraryOpen(false)}
          onChoose={(chosen) => {
            onChange(() => chosen);
            setLibraryOpen(false);
          }}
        />
      )}
    </div>
  );
}
