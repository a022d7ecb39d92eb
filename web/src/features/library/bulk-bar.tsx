import type { LucideIcon } from 'lucide-react';
import { X } from 'lucide-react';
import { useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { countOf, type Selection } from './model';

/** What can be done with all that is selected; the bar and the details show the same. */
export interface BulkVerb {
  label: string;
  icon: LucideIcon;
  keys?: string;
  isDanger?: boolean;
  run: () => void;
}

/** Floats over the grid while something is ticked; offers all that match, also those picked off. */
export function BulkBar({
  selection,
  total,
  verbs,
  onAll,
  onClear,
}: {
  selection: Selection;
  total: number | null;
  verbs: readonly BulkVerb[];
  onAll: () => void;
  onClear: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const count = countOf(selection, total);
  const off = selection.isAll ? selection.except.size : 0;
  return (
    <section
      aria-label={t('library.bulk.label')}
      className="fade-in absolute inset-x-2 bottom-4 z-20 mx-auto flex w-fit flex-wrap items-center justify-center gap-1 rounded-12 bg-surface p-1.5 shadow-3 outline outline-line"
    >
      <span aria-live="polite" className="px-2 text-13 font-medium whitespace-nowrap tabular-nums">
        {count === 0
          ? t('library.bulk.none')
          : off > 0
            ? t('library.bulk.selectedBut', {
                value: format.number(count),
                off: format.number(off),
              })
            : t('library.bulk.selected', { count, value: format.number(count) })}
      </span>
      {total !== null && total > count && (
        <Button look="ghost" onClick={onAll}>
          {t('library.bulk.all', { count: total, value: format.number(total) })}
        </Button>
      )}
      {count > 0 && <span aria-hidden className="mx-1 h-5 w-px bg-line max-md:hidden" />}
      {count > 0 &&
        verbs.map((verb) => (
          <IconButton
            key={verb.label}
            icon={verb.icon}
            label={verb.label}
            {...(verb.keys ? { keys: verb.keys } : {})}
            {...(verb.isDanger ? { look: 'danger-ghost' as const } : {})}
            onClick={verb.run}
          />
        ))}
      <span aria-hidden className="mx-1 h-5 w-px bg-line max-md:hidden" />
      <IconButton icon={X} label={t('library.command.deselect')} keys="Escape" onClick={onClear} />
    </section>
  );
}
