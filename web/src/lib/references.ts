/** As many pictures as any model takes. */
export const referencesMax = 16;

/** Room for pictures beside those that are given; `most`: what the model takes, if one is known. */
export function addWithin(ids: readonly string[], more: readonly string[], most?: number) {
  const room = Math.min(most ?? referencesMax, referencesMax);
  const added = [...new Set(more)].filter((id) => !ids.includes(id));
  return { ids: [...ids, ...added.slice(0, Math.max(0, room - ids.length))], added };
}
