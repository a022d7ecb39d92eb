import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { errorText } from '~/api/errors';
import { clearQueue } from '~/api/queue';
import { useFormat, useT } from '~/lib/i18n';
import { ConfirmDialog } from '~/ui/lazy';
import { showToast } from '~/ui/toast';

/** Cancels all that waits of mine; how much that is stands in the question and in the answer. */
export function ClearDialog({
  count,
  isOpen,
  onClose,
}: {
  count: number;
  isOpen: boolean;
  onClose: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const [isPending, setPending] = useState(false);
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title={t('common.queue.clearTitle', { count, value: format.number(count) })}
      about={t('common.queue.clearAbout')}
      action={t('common.queue.clearAction', { count, value: format.number(count) })}
      isPending={isPending}
      onConfirm={() => {
        setPending(true);
        clearQueue()
          .then(
            (cancelled) => {
              showToast(
                t('common.queue.cleared', { count: cancelled, value: format.number(cancelled) }),
              );
              onClose();
              void client.invalidateQueries({ queryKey: ['runs'] });
              void client.invalidateQueries({ queryKey: ['queue'] });
            },
            (error) => showToast(errorText(error, t), { tone: 'bad' }),
          )
          .finally(() => setPending(false));
      }}
    />
  );
}
