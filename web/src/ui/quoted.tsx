import clsx from 'clsx';
import { useT } from '~/lib/i18n';

/** What a provider or the server said in its own language: marked as that, on lines of its own, never in ours. */
export function Quoted({
  text,
  isCut,
  className,
}: {
  text: string;
  /** not all of it may have room: the rest is told when one points at it */
  isCut?: boolean;
  className?: string;
}) {
  const t = useT();
  return (
    <span className={clsx('block text-left text-12 break-words text-fg-2', className)}>
      <span className="text-fg-3">{t('common.quoted')}</span>{' '}
      <q
        lang=""
        title={isCut ? text : undefined}
        className="block border-line-ctl border-l-2 pl-2 [quotes:'“'_'”']"
      >
        {text}
      </q>
    </span>
  );
}
