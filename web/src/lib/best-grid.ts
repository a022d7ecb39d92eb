export interface Grid {
  columns: number;
  width: number;
  height: number;
}

/**
 * The largest tiles of one ratio (width / height) with which `count` of them fit into the room; when
 * they would be narrower than `least`, rows of `least` that scroll.
 */
export function bestGrid(
  count: number,
  ratio: number,
  room: { width: number; height: number },
  gap: number,
  least: number,
): Grid {
  let best: Grid = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(count / columns);
    const byWidth = (room.width - gap * (columns - 1)) / columns;
    const byHeight = ((room.height - gap * (rows - 1)) / rows) * ratio;
    const width = Math.floor(Math.min(byWidth, byHeight));
    if (width > best.width) best = { columns, width, height: Math.round(width / ratio) };
  }
  if (best.width >= least || room.width <= 0) return best;
  return gridOf(count, ratio, room.width, gap, least);
}

/** Tiles of at least that width, or as wide as the room, in as many columns as it has room for. */
export function gridOf(
  count: number,
  ratio: number,
  room: number,
  gap: number,
  least: number,
): Grid {
  const columns = Math.max(1, Math.min(count, Math.floor((room + gap) / (least + gap))));
  const most = Math.floor((room - gap * (columns - 1)) / columns);
  const width = columns === count ? Math.min(most, least) : most;
  return { columns, width, height: Math.round(width / ratio) };
}
