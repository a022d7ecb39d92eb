import { Link } from '@tanstack/react-router';
import { TextQuote } from 'lucide-react';
import type { Run } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { StateMark } from '~/ui/state-mark';

/** A text has no slots: what was asked and what was written, with its story a click away. */
export function TextRun({ run }: { run: Run }) {
  const t = useT();
  const format = useFormat();
  const task = run.tasks[0];
  const isActive = run.state === 'active';
  return (
    <li className="relative rounded-8 p-1.5 hover:bg-surface-2">
      <div className="flex items-start gap-2 px-0.5">
        <TextQuote size={14} strokeWidth={1.75} aria-hidden className="mt-px shrink-0 text-fg-3" />
        <div className="min-w-0 flex-1">
          <Link
            to="/queue/$run"
            params={{ run: run.id }}
            className="line-clamp-2 text-12 break-words text-fg-2 after:absolute after:inset-0 after:rounded-8"
          >
            {task?.written?.text || task?.prompt || run.title}
          </Link>
          <p className="flex flex-wrap gap-x-1.5 text-12 text-fg-3 tabular-nums">
            <span>
              {t(
                task?.operation === 'prompt.expand'
                  ? 'generate.activity.expanded'
                  : 'generate.activity.described',
              )}
            </span>
            {task && (isActive || task.state !== 'done') ? (
              <StateMark state={task.state} className="!gap-1 !text-12 [&_svg]:size-3.5" />
            ) : (
              <span>{format.relative(run.created_at)}</span>
            )}
          </p>
        </div>
      </div>
    </li>
  );
}
