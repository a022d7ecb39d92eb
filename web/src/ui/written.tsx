import clsx from 'clsx';
import { Copy } from 'lucide-react';
import type { Task } from '~/api/types';
import { copyText } from '~/lib/clipboard';
import { useT } from '~/lib/i18n';
import { IconButton } from './button';
import { showToast } from './toast';

/** What a task wrote: whole, readable, to be copied. */
export function Written({
  written,
  className,
}: {
  written: NonNullable<Task['written']>;
  className?: string;
}) {
  const t = useT();
  return (
    <div className={clsx('flex items-start gap-2', className)}>
      <div className="min-w-0 flex-1">
        <p lang="" className="text-13 break-words whitespace-pre-wrap">
          {written.text}
        </p>
        {written.keywords.length > 0 && (
          <p lang="" className="mt-1.5 text-12 break-words text-fg-2">
            {written.keywords.join(' · ')}
          </p>
        )}
      </div>
      <IconButton
        icon={Copy}
        size="dense"
        label={t('common.copy')}
        onClick={() =>
          void copyText(written.text).then((isDone) => isDone && showToast(t('common.copied')))
        }
      />
    </div>
  );
}
