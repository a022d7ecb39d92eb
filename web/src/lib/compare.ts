/** What a picture is compared with when nobody says: what it was made from, else its neighbour. */
export function otherOf(
  id: string,
  references: readonly string[],
  order: readonly string[],
): string | undefined {
  const source = references.find((one) => one !== id);
  if (source) return source;
  const at = order.indexOf(id);
  return order[at + 1] ?? order[at - 1];
}
