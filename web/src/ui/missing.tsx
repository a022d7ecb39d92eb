import { Info } from 'lucide-react';
import type { Task } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Quoted } from './quoted';

/** How many pictures one call was asked for. */
function wantedOf(task: Pick<Task, 'parameters'>): number {
  const { parameters } = task;
  const n =
    parameters && typeof parameters === 'object' ? (parameters as { n?: unknown }).n : undefined;
  return typeof n === 'number' ? n : 1;
}

/** What a task was asked for and did not bring, with the provider's reason; nothing when all came. */
export function MissingNote({
  task,
  className = '',
}: {
  task: Pick<Task, 'missing' | 'written' | 'assets' | 'parameters'>;
  className?: string;
}) {
  const t = useT();
  const format = useFormat();
  if (!task.missing) return null;
  const wanted = wantedOf(task);
  const came = task.assets.length;
  return (
    <p className={`flex items-start gap-1.5 text-12 text-fg-2 ${className}`}>
      <Info size={14} strokeWidth={1.75} className="mt-px shrink-0 text-fg-3" aria-hidden />
      <span className="min-w-0 break-words">
        {task.written
          ? t('common.missing.text')
          : came < wanted
            ? t('common.missing.pictures', {
                came: format.number(came),
                count: wanted,
                wanted: format.number(wanted),
              })
            : t('common.missing.some')}
        <Quoted text={task.missing} />
      </span>
    </p>
  );
}
