import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { type AssetPageStart, type AssetSort, assetsQuery } from '~/api/queries';
import type { Asset, AssetFilter } from '~/api/types';
import { runAround, type Section } from './model';

type Pages = InfiniteData<
  { items: Asset[]; next_cursor: string | null; total: number | null },
  AssetPageStart
>;

/**
 * The viewer walks the whole list; it is begun with the days that are loaded around the picture, so
 * that one in the middle of many has neighbours at once.
 */
export function seedNeighbours(
  client: QueryClient,
  filter: AssetFilter,
  sort: AssetSort,
  sections: readonly Section[],
  asset: Asset,
  total: number | null,
) {
  if (sort === 'rating') return; // the grid shows that list itself
  const loaded = new Map<string, Pages>();
  for (const section of sections) {
    const data = client.getQueryData<Pages>(assetsQuery(section.filter, sort).queryKey);
    if (data) loaded.set(section.key, data);
  }
  const at = sections.findIndex(({ key }) =>
    loaded.get(key)?.pages.some((page) => page.items.some((one) => one.id === asset.id)),
  );
  const pages: Pages['pages'] = [];
  const pageParams: AssetPageStart[] = [];
  for (const data of runAround(sections, loaded, at)) {
    // A day that is not loaded to its end is where the list goes on.
    const last = pages.at(-1);
    if (last?.next_cursor) break;
    const times = sections.find(({ key }) => loaded.get(key) === data)?.filter ?? {};
    data.pages.forEach((page, index) => {
      pages.push(pages.length === 0 ? { ...page, total } : page);
      pageParams.push({
        cursor: data.pageParams[index]?.cursor ?? '',
        ...(times.from ? { from: times.from } : {}),
        ...(times.to ? { to: times.to } : {}),
      });
    });
  }
  if (pages.length === 0) return;
  client.setQueryData<Pages>(assetsQuery(filter, sort).queryKey, { pages, pageParams });
}
