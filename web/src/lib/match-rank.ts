/** Letters in order count as found; whole beginnings of words stand first. */
export function matchRank(label: string, query: string): number {
  const text = label.toLowerCase();
  const wanted = query.toLowerCase().trim();
  if (!wanted) return 1;
  if (text.startsWith(wanted)) return 4;
  if (text.split(/\s+/).some((word) => word.startsWith(wanted))) return 3;
  if (text.includes(wanted)) return 2;
  let at = 0;
  for (const letter of wanted) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return 0;
  }
  return 1;
}
