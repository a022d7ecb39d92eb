import { type ComponentType, createElement, useEffect, useState } from 'react';
import { type Bundle, loadTexts } from '~/lib/i18n';

/** What could not be loaded; emptied when somebody asks for another try. */
const failed = new Set<() => void>();
let isFrameDrawn = false;
let letGo = () => {};
const quiet = new Promise<void>((resolve) => {
  letGo = resolve;
});
const quietMs = 300; // in which the page is drawn; then the first moment without work, or as long again
setTimeout(() => letGo(), 1500); // pages without the frame have toasts too

export function forgetFailedPages() {
  for (const forget of failed) forget();
  failed.clear();
}

/** From here on a page that is asked for takes the place of the one before when it is there. */
export function frameIsDrawn() {
  isFrameDrawn = true;
  setTimeout(() => {
    if (!window.requestIdleCallback) letGo();
    else requestIdleCallback(letGo, { timeout: quietMs });
  }, quietMs);
}

/** What of the frame is not its outline is drawn behind the first page; it is on its way at once. */
export async function behindPage<T>(coming: Promise<T>): Promise<T> {
  coming.catch(() => undefined); // whoever waits for it is told, when they wait
  await quiet;
  return coming;
}

interface Part {
  found?: ComponentType;
  error?: unknown;
  start: () => Promise<void>;
}

/** The first page is drawn when the frame around it is on the screen; a tab behind has none, and a title to show. */
function Loaded({ part }: { part: Part }) {
  const [isNow, setNow] = useState(isFrameDrawn || document.hidden);
  useEffect(() => {
    if (isNow) return;
    const frame = requestAnimationFrame(() => setTimeout(() => setNow(true)));
    return () => cancelAnimationFrame(frame);
  }, [isNow]);
  const [, drawAgain] = useState(0);
  const isMissing = isNow && !part.found && !part.error;
  useEffect(() => {
    if (isMissing) void part.start().then(() => drawAgain((count) => count + 1));
  }, [isMissing, part]);
  if (!isNow) return null;
  if (part.error) throw part.error;
  return part.found ? createElement(part.found) : null;
}

/**
 * A page that is loaded, with its texts, when it is first shown. The first one comes into the frame: nothing waits
 * for it. The router's own reloads the whole document when a part cannot be had, and with it whatever was being
 * written; ours fails in its place and waits for a person.
 */
export function lazyRouteComponent<K extends string>(
  load: () => Promise<Record<K, ComponentType>>,
  name: K,
  ...bundles: Bundle[]
) {
  let waiting: Promise<void> | undefined;
  const part: Part = {
    start: () => {
      waiting ??= Promise.all([load(), loadTexts(...bundles)]).then(
        ([file]) => {
          part.found = file[name];
        },
        (problem) => {
          part.error = problem;
          failed.add(() => {
            part.error = undefined;
            waiting = undefined;
          });
        },
      );
      return waiting;
    },
  };
  const page = () => createElement(Loaded, { part });
  const preload = () => {
    const loaded = part.start();
    return isFrameDrawn ? loaded : undefined;
  };
  return Object.assign(page, { preload });
}
