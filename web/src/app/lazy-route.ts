import { type ComponentType, createElement, use } from 'react';

/** What could not be loaded; emptied when somebody asks for another try. */
const failed = new Set<() => void>();

export function forgetFailedPages() {
  for (const forget of failed) forget();
  failed.clear();
}

/**
 * A page that is loaded when it is first shown. The router's own reloads the whole document when a part
 * cannot be had, and with it whatever was being written; ours fails in its place and waits for a person.
 */
export function lazyRouteComponent<K extends string>(
  load: () => Promise<Record<K, ComponentType>>,
  name: K,
) {
  let found: ComponentType | undefined;
  let error: unknown;
  let waiting: Promise<void> | undefined;
  const preload = () => {
    waiting ??= load().then(
      (file) => {
        found = file[name];
      },
      (problem) => {
        error = problem;
        failed.add(() => {
          error = undefined;
          waiting = undefined;
        });
      },
    );
    return waiting;
  };
  const page = () => {
    if (!found && !error) use(preload());
    if (error) throw error;
    return found ? createElement(found) : null;
  };
  return Object.assign(page, { preload });
}
