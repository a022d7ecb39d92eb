import { useQueryClient } from '@tanstack/react-query';
import { type RefObject, useRef } from 'react';
import { type AssetSort, assetsQuery } from '~/api/queries';
import {
  type Layout,
  linesOf,
  runAround,
  type Section,
  type Selection,
  selectRange,
  toggle,
} from './model';

/** as many are loaded to select a range over what was not shown */
const rangeMax = 5000;

interface Field {
  sections: readonly Section[];
  layouts: RefObject<Map<string, Layout>>;
  sort: AssetSort;
  /** the section that has a picture */
  sectionOf: (id: string) => number;
  selection: Selection;
  onSelect: (selection: Selection) => void;
}

/** Picks one, or all from the one that was picked last. */
export function useChoosing({ sections, layouts, sort, sectionOf, selection, onSelect }: Field) {
  const client = useQueryClient();
  const rangeFrom = useRef('');

  const runOf = (id: string) => {
    const at = sectionOf(id);
    const run = at < 0 ? [] : runAround(sections, layouts.current, at);
    return { lines: linesOf(run), assets: run.flatMap((layout) => layout.assets) };
  };

  /** A range may pass over days that were not shown: they are loaded first. */
  const chooseRange = async (base: Selection, id: string) => {
    const { assets } = runOf(id);
    const order = assets.map((asset) => asset.id);
    const from = sections.findIndex(({ key }) => key === rangeFrom.current);
    const to = sectionOf(id);
    if (order.includes(base.anchor) || from < 0 || to < 0) {
      onSelect(selectRange(base, order, id));
      return;
    }
    const between = sections.slice(Math.min(from, to), Math.max(from, to) + 1);
    if (between.reduce((sum, { count }) => sum + count, 0) > rangeMax) {
      onSelect(selectRange(base, order, id));
      return;
    }
    const lists = await Promise.all(
      between.map(({ filter }) =>
        client.fetchInfiniteQuery({ ...assetsQuery(filter, sort), pages: 100 }),
      ),
    );
    const all = lists.flatMap(({ pages }) => pages.flatMap((page) => page.items));
    onSelect(
      selectRange(
        base,
        all.map((asset) => asset.id),
        id,
      ),
    );
  };
  const tick = (id: string) => {
    rangeFrom.current = sections[sectionOf(id)]?.key ?? '';
    onSelect(toggle(selection, id));
  };
  return { runOf, chooseRange, tick };
}
