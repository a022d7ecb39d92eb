import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronRight, SearchX } from 'lucide-react';
import { meQuery } from '~/api/queries';
import { hasText, useT } from '~/lib/i18n';
import { keepsHouse } from '~/lib/roles';
import { Button } from '~/ui/button';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { findPlaces, findSettings } from './places';
import { settingsQuery } from './queries';
import { SettingGroups } from './system';

/** What fits the words on all pages of settings: places to go to, and rows of the table to change at once. */
export function FoundSettings({ words, onClear }: { words: string; onClear: () => void }) {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const isHouse = keepsHouse(me);
  const table = useQuery({ ...settingsQuery, enabled: isHouse });
  const places = findPlaces(words, isHouse, t);
  const rows = findSettings(table.data ?? [], words, (group) => {
    const key = `settings.group.${group}`;
    return hasText(key) ? t(key) : '';
  });
  const isWaiting = isHouse && table.isPending;
  const count = places.length + rows.length;
  return (
    <>
      <p role="status" className="sr-only">
        {!isWaiting && t('settings.found', { count })}
      </p>
      {places.length > 0 && (
        <nav aria-label={t('settings.foundPlaces')}>
          <ul className="overflow-hidden rounded-8 bg-surface shadow-1 outline outline-line">
            {places.map((place) => (
              <li key={`${place.to}#${place.at}`} className="border-line border-b last:border-b-0">
                <Link
                  to={place.to}
                  hash={place.at}
                  className="flex min-h-11 items-center gap-3 px-4 py-2 text-13 -outline-offset-2 hover:bg-surface-2"
                >
                  <span className="min-w-0 flex-1">
                    <span className="block font-medium">{t(place.titleKey)}</span>
                    {place.titleKey !== place.pageKey && (
                      <span className="block text-12 text-fg-3">{t(place.pageKey)}</span>
                    )}
                  </span>
                  <ChevronRight size={16} className="shrink-0 text-fg-3" aria-hidden />
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {isWaiting && <Skeleton className="h-40 !rounded-8" />}
      {table.error && <ErrorState error={table.error} onRetry={() => void table.refetch()} />}
      {!isWaiting && !table.error && count === 0 && (
        <EmptyState icon={SearchX} title={t('settings.searchNone', { words })} text="">
          <Button onClick={onClear}>{t('settings.searchAll')}</Button>
        </EmptyState>
      )}
      <SettingGroups settings={rows} isFound />
    </>
  );
}
