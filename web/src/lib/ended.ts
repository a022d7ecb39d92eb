const ends: readonly string[] = ['done', 'failed', 'cancelled'];

/** Whether nothing more comes of a task by itself. */
export function hasEnded({ state }: { state: string }): boolean {
  return ends.includes(state);
}
