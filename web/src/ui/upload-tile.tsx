import clsx from 'clsx';
import { RotateCw, X } from 'lucide-react';
import { errorText } from '~/api/errors';
import { dropUpload, retryUpload, type Upload } from '~/api/uploads';
import { useT } from '~/lib/i18n';
import { IconButton } from './button';
import { ProgressRing } from './progress';

/** A picture on its way: how far it is, or why it failed and once more at a press. */
export function UploadTile({
  item,
  labels,
  className,
}: {
  item: Upload;
  labels: { retry: string; sending: string; remove: string };
  className: string;
}) {
  const t = useT();
  return (
    <li className={clsx(className, 'group flex items-center justify-center')}>
      {item.state === 'failed' ? (
        <button
          type="button"
          onClick={() => retryUpload(item.id)}
          title={errorText(item.error, t)}
          aria-label={labels.retry}
          className="flex size-full items-center justify-center bg-bad-soft text-bad"
        >
          <RotateCw size={16} aria-hidden />
        </button>
      ) : (
        <ProgressRing
          size={32}
          share={item.state === 'sending' ? item.share : 0}
          label={labels.sending}
        />
      )}
      <IconButton
        icon={X}
        label={labels.remove}
        look="picture"
        className="absolute top-0.5 right-0.5 !size-6 !rounded-6"
        onClick={() => dropUpload(item.id)}
      />
    </li>
  );
}
