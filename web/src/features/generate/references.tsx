import clsx from 'clsx';
import { Images, Plus, Upload as UploadIcon } from 'lucide-react';
import { useState } from 'react';
import { errorText } from '~/api/errors';
import type { Model } from '~/api/types';
import { pictureFiles, useUploads } from '~/api/uploads';
import { useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import type { ReferenceRole } from '~/lib/reference-roles';
import { referencesMax } from '~/lib/references';
import { Menu } from '~/ui/menu';
import { LibraryPicker } from '~/ui/picker';
import { UploadTile } from '~/ui/upload-tile';
import type { Draft } from './model';

const ReferenceTiles = late(
  () => import('./reference-tiles').then((file) => file.ReferenceTiles),
  ({ ids, className }) => ids.map((id) => <li key={id} className={className} />),
);

const tile =
  'relative size-16 shrink-0 overflow-hidden rounded-8 bg-surface-2 outline outline-line -outline-offset-1';

/** Pictures that go in, in order: dropped, pasted, uploaded or from the library. */
export function References({
  ids,
  onChange,
  roles,
  onRole,
  model,
  onFiles,
  onPick,
}: {
  ids: string[];
  onChange: (ids: string[]) => void;
  roles: Draft['roles'];
  onRole: (id: string, role: ReferenceRole | undefined) => void;
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
        {ids.length > 0 && (
          <ReferenceTiles
            ids={ids}
            most={most}
            onChange={onChange}
            roles={roles}
            onRole={onRole}
            className={tile}
          />
        )}
        {uploads.map((item) => (
          <UploadTile
            key={item.id}
            item={item}
            className={tile}
            labels={{
              retry: t('generate.references.retry', { name: item.name }),
              sending: t('generate.references.sending', { name: item.name }),
              remove: t('generate.references.remove'),
            }}
          />
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
                  'flex items-center justify-center gap-2 rounded-8 border border-dashed text-13 transition-colors duration-100',
                  ids.length === 0 && uploads.length === 0 ? 'h-11 w-full px-3' : 'size-16',
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
      {isLibraryOpen && (
        <LibraryPicker
          title={t('generate.references.choose')}
          chosen={ids}
          most={most || referencesMax}
          onClose={() => setLibraryOpen(false)}
          onChoose={(next) => {
            onChange(next);
            setLibraryOpen(false);
          }}
        />
      )}
    </div>
  );
}
