import clsx from 'clsx';
import { Images, Plus, RotateCw, Upload as UploadIcon, X } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { errorText } from '~/api/errors';
import type { Model } from '~/api/types';
import { dropUpload, pictureFiles, retryUpload, useUploads } from '~/api/uploads';
import { useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { ProgressRing } from '~/ui/progress';

const LibraryPicker = lazy(() =>
  import('./library-picker').then((file) => ({ default: file.LibraryPicker })),
);

const ReferenceTiles = lazy(() =>
  import('./reference-tiles').then((file) => ({ default: file.ReferenceTiles })),
);

const tile =
  'relative size-16 shrink-0 overflow-hidden rounded-8 bg-surface-2 outline outline-line -outline-offset-1';

/** Pictures that go in, in order: dropped, pasted, uploaded or from the library. */
export function References({
  ids,
  onChange,
  model,
  onFiles,
  onPick,
}: {
  ids: string[];
  onChange: (ids: string[]) => void;
  model: Model | undefined;
  onFiles: (files: File[]) => void;
  onPick: () => void;
}) {
  const t = useT();
  const [isLibraryOpen, setLibraryOpen] = useState(false);
  const [isOver, setOver] = useState(false);
  const uploads = useUploads(({ items }) => items).filter((item) => item.state !== 'done');
  const most = model?.references_max ?? 0;

  if (model && most === 0 && ids.length === 0 && uploads.length === 0) {
    return (
      <p className="text-12 text-fg-3">{t('generate.references.none', { model: model.label })}</p>
    );
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the menu beside it does the same
    <div
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const files = pictureFiles(event.dataTransfer);
        if (files.length === 0) return;
        event.preventDefault();
        event.stopPropagation();
        onFiles(files);
      }}
    >
      <div className="mb-1 flex items-center justify-between">
        <h2 className="text-13 font-medium">{t('generate.references.label')}</h2>
        {ids.length > 0 && (
          <span
            className={clsx('text-12 tabular-nums', ids.length > most ? 'text-bad' : 'text-fg-3')}
          >
            {`${ids.length} / ${most}`}
          </span>
        )}
      </div>
      <ul className="flex flex-wrap gap-2">
        <Suspense fallback={ids.map((id) => <li key={id} className={tile} />)}>
          {ids.length > 0 && (
            <ReferenceTiles ids={ids} most={most} onChange={onChange} className={tile} />
          )}
        </Suspense>
        {uploads.map((item) => (
          <li key={item.id} className={clsx(tile, 'group flex items-center justify-center')}>
            {item.state === 'failed' ? (
              <button
                type="button"
                onClick={() => retryUpload(item.id)}
                title={errorText(item.error, t)}
                aria-label={t('generate.references.retry', { name: item.name })}
                className="flex size-full items-center justify-center bg-bad-soft text-bad"
              >
                <RotateCw size={16} aria-hidden />
              </button>
            ) : (
              <ProgressRing
                size={32}
                share={item.state === 'sending' ? item.share : 0}
                label={t('generate.references.sending', { name: item.name })}
              />
            )}
            <IconButton
              icon={X}
              label={t('generate.references.remove')}
              look="picture"
              className="absolute top-0.5 right-0.5 !size-6 !rounded-6"
              onClick={() => dropUpload(item.id)}
            />
          </li>
        ))}
        <li className={clsx(ids.length === 0 && uploads.length === 0 && 'w-full')}>
          <Menu
            align="start"
            trigger={
              <button
                type="button"
                aria-label={
                  ids.length + uploads.length > 0 ? t('generate.references.add') : undefined
                }
                className={clsx(
                  'flex h-16 items-center justify-center gap-2 rounded-8 border border-dashed text-13 transition-colors duration-100',
                  ids.length === 0 && uploads.length === 0 ? 'w-full px-3' : 'w-16',
                  isOver
                    ? 'border-accent bg-accent-soft text-accent-text'
                    : 'border-line-ctl text-fg-3 hover:bg-surface-2 hover:text-fg-2',
                )}
              >
                <Plus size={16} strokeWidth={1.75} aria-hidden />
                {ids.length === 0 && uploads.length === 0 && t('generate.references.drop')}
              </button>
            }
            entries={[
              { label: t('generate.references.upload'), icon: UploadIcon, keys: 'U', run: onPick },
              {
                label: t('generate.references.library'),
                icon: Images,
                run: () => setLibraryOpen(true),
              },
            ]}
          />
        </li>
      </ul>
      {uploads.some((item) => item.state === 'failed') && (
        <p role="alert" className="mt-1 text-12 text-bad">
          {errorText(uploads.find((item) => item.state === 'failed')?.error, t)}
        </p>
      )}
      {model && most === 0 && ids.length > 0 && (
        <p className="mt-1 text-12 text-warn">
          {t('generate.references.kept', { model: model.label })}
        </p>
      )}
      {model && most > 0 && ids.length > most && (
        <p className="mt-1 text-12 text-bad">{t('generate.submit.references', { count: most })}</p>
      )}
      <Suspense>
        {isLibraryOpen && (
          <LibraryPicker
            chosen={ids}
            most={most || 16}
            onClose={() => setLibraryOpen(false)}
            onChoose={(next) => {
              onChange(next);
              setLibraryOpen(false);
            }}
          />
        )}
      </Suspense>
    </div>
  );
}
