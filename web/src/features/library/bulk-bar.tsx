import { Columns2, FileArchive, RotateCcw, Star, Tag, Trash2, X } from 'lucide-react';
import { useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import type { Selection } from './model';

/** Floats over the grid while something is ticked; offers all that match. */
export function BulkBar({
  selection,
  total,
  isTrash,
  canWrite,
  onAll,
  onClear,
  onStar,
  onTag,
  onCompare,
  onZip,
  onTrash,
  onRestore,
}: {
  selection: Selection;
  total: number | null;
  isTrash: boolean;
  canWrite: boolean;
  onAll: () => void;
  onClear: () => void;
  onStar: () => void;
  onTag: () => void;
  /** when two are selected */
  onCompare?: () => void;
  onZip: () => void;
  onTrash: () => void;
  onRestore: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const count = selection.isAll ? (total ?? selection.ids.size) : selection.ids.size;
  return (
    <section
      aria-label={t('library.bulk.label')}
      className="fade-in absolute inset-x-2 bottom-4 z-20 mx-auto flex w-fit flex-wrap items-center justify-center gap-1 rounded-12 bg-surface p-1.5 shadow-3 outline outline-line"
    >
      <span aria-live="polite" className="px-2 text-13 font-medium whitespace-nowrap tabular-nums">
        {t('library.bulk.selected', { count, value: format.number(count) })}
      </span>
      {!selection.isAll && total !== null && total > selection.ids.size && (
        <Button look="ghost" onClick={onAll}>
          {t('library.bulk.all', { count: total, value: format.number(total) })}
        </Button>
      )}
      <span aria-hidden className="mx-1 h-5 w-px bg-line max-md:hidden" />
      {canWrite && !isTrash && (
        <>
          <IconButton icon={Star} label={t('library.command.star')} keys="." onClick={onStar} />
          <IconButton icon={Tag} label={t('library.command.tag')} keys="T" onClick={onTag} />
        </>
      )}
      {onCompare && (
        <IconButton
          icon={Columns2}
          label={t('library.command.compare')}
          keys="C"
          onClick={onCompare}
        />
      )}
      <IconButton icon={FileArchive} label={t('library.bulk.zip')} onClick={onZip} />
      {canWrite && isTrash && (
        <IconButton icon={RotateCcw} label={t('library.restore')} onClick={onRestore} />
      )}
      {canWrite && (
        <IconButton
          icon={Trash2}
          look="danger-ghost"
          label={t(isTrash ? 'library.delete.action' : 'library.command.trash')}
          keys="Delete"
          onClick={onTrash}
        />
      )}
      <span aria-hidden className="mx-1 h-5 w-px bg-line max-md:hidden" />
      <IconButton icon={X} label={t('library.command.deselect')} keys="Escape" onClick={onClear} />
    </section>
  );
}
