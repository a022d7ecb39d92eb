import { CircleAlert, CircleCheck, RotateCw, X } from 'lucide-react';
import { errorText } from '~/api/errors';
import { clearUploads, dropUpload, retryUpload, useUploads } from '~/api/uploads';
import { useT } from '~/lib/i18n';
import { IconButton } from '~/ui/button';
import { ProgressRing } from '~/ui/progress';

/** Files on their way; each can be cancelled, a failed one sent again. */
export function UploadPanel() {
  const t = useT();
  const items = useUploads((state) => state.items);
  if (items.length === 0) return null;
  const left = items.filter(({ state }) => state === 'waiting' || state === 'sending').length;
  const failed = items.filter(({ state }) => state === 'failed').length;
  return (
    <section
      aria-label={t('library.upload.title')}
      className="fade-in absolute right-4 bottom-4 z-20 flex max-h-80 w-80 max-w-[calc(100%-2rem)] flex-col rounded-12 bg-surface shadow-3 outline outline-line"
    >
      <div className="flex h-11 items-center justify-between pr-2 pl-4">
        <h2 className="text-13 font-medium">
          {left > 0
            ? t('library.upload.left', { count: left })
            : failed > 0
              ? t('library.upload.failed', { count: failed })
              : t('library.upload.done', { count: items.length })}
        </h2>
        <IconButton icon={X} label={t('common.close')} size="dense" onClick={clearUploads} />
      </div>
      <ul className="overflow-y-auto px-2 pb-2">
        {items.map((item) => (
          <li key={item.id} className="flex min-h-9 items-center gap-2.5 rounded-6 px-2 text-13">
            {item.state === 'done' ? (
              <CircleCheck size={16} className="shrink-0 text-ok" aria-hidden />
            ) : item.state === 'failed' ? (
              <CircleAlert size={16} className="shrink-0 text-bad" aria-hidden />
            ) : (
              <ProgressRing size={16} share={item.share} label={item.name} />
            )}
            <span className="min-w-0 flex-1">
              <span className="block truncate">{item.name}</span>
              {item.state === 'failed' && (
                <span className="block text-12 text-bad">{errorText(item.error, t)}</span>
              )}
              {item.isDuplicate && (
                <span className="block text-12 text-fg-3">{t('library.upload.duplicate')}</span>
              )}
            </span>
            {item.state === 'failed' && (
              <IconButton
                icon={RotateCw}
                size="dense"
                label={t('common.retry')}
                onClick={() => retryUpload(item.id)}
              />
            )}
            {item.state !== 'done' && (
              <IconButton
                icon={X}
                size="dense"
                label={t('common.cancel')}
                onClick={() => dropUpload(item.id)}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
