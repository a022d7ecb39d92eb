import { useQuery } from '@tanstack/react-query';
import { useFormat, useT } from '~/lib/i18n';
import { ErrorState, Skeleton } from '~/ui/states';
import { storageQuery } from './queries';
import { Card } from './section';

/** How much room each part takes; the free rest is said, not drawn: it would hide the others. */
export function StorageCard() {
  const t = useT();
  const format = useFormat();
  const storage = useQuery(storageQuery);
  if (storage.error) {
    return <ErrorState error={storage.error} onRetry={() => void storage.refetch()} isCompact />;
  }
  if (!storage.data) return <Skeleton className="mb-3 h-24 !rounded-8" />;
  const { pictures, trash, ...bytes } = storage.data;
  const counted = (count: number) =>
    t('settings.storage.picturesCount', { count, value: format.number(count) });
  const parts = [
    { name: 'pictures', bytes: bytes.pictures_bytes, note: counted(pictures), color: 'bg-accent' },
    { name: 'other', bytes: bytes.other_bytes, note: '', color: 'bg-ok-solid' },
    { name: 'trash', bytes: bytes.trash_bytes, note: counted(trash), color: 'bg-warn-solid' },
    { name: 'database', bytes: bytes.database_bytes, note: '', color: 'bg-line-ctl' },
  ] as const;
  const all = parts.reduce((sum, part) => sum + part.bytes, 0);
  return (
    <Card className="mb-3">
      <div
        role="img"
        aria-label={t('settings.storage.label')}
        className="mb-4 flex h-2 gap-px overflow-hidden rounded-full bg-surface-3"
      >
        {parts.map((part) => (
          <span
            key={part.name}
            className={part.color}
            style={{ width: `${all > 0 ? (100 * part.bytes) / all : 0}%` }}
          />
        ))}
      </div>
      <dl className="grid grid-cols-5 gap-4 max-md:grid-cols-2">
        {parts.map((part) => (
          <div key={part.name}>
            <dt className="flex items-start gap-1.5 text-12 text-fg-3">
              <span className={`mt-1 size-2 shrink-0 rounded-full ${part.color}`} aria-hidden />
              {t(`settings.storage.${part.name}`)}
            </dt>
            <dd className="text-14 font-medium tabular-nums">{format.bytes(part.bytes)}</dd>
            {part.note && <dd className="text-12 text-fg-3 tabular-nums">{part.note}</dd>}
          </div>
        ))}
        <div>
          <dt className="text-12 text-fg-3">{t('settings.storage.free')}</dt>
          <dd className="text-14 font-medium tabular-nums">{format.bytes(bytes.free_bytes)}</dd>
        </div>
      </dl>
    </Card>
  );
}
