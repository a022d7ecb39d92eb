/** Where the page can begin, in the order of the navigation. */
export const startPages = ['generate', 'library', 'queue'] as const;

/** The path of it; one that a newer server knows is the first. */
export function startPageOf(wanted: string | undefined) {
  const found = startPages.find((page) => page === wanted) ?? 'generate';
  return `/${found}` as const;
}
