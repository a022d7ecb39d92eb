import { type ComponentType, createElement, type ReactNode, useEffect, useState } from 'react';

interface Part<P> {
  found?: ComponentType<P>;
  load: () => Promise<void>;
  room: ((props: P) => ReactNode) | undefined;
}

function Late<P extends object>({ part, props }: { part: Part<P>; props: P }) {
  const [problem, setProblem] = useState<unknown>();
  const [isHere, setHere] = useState(part.found !== undefined);
  useEffect(() => {
    if (isHere) return;
    let isGone = false;
    part.load().then(
      () => !isGone && setHere(true),
      (reason: unknown) => !isGone && setProblem(reason ?? new Error('a part did not load')),
    );
    return () => {
      isGone = true;
    };
  }, [isHere, part]);
  if (problem) throw problem;
  return part.found ? createElement(part.found, props) : part.room?.(props);
}

/**
 * A part whose code comes when it is first drawn, or before by `load`; until then there is `room`.
 * What is there is drawn at once.  React's own `lazy` shows nothing first even then, and lets 300 ms
 * go by before it shows the part.
 */
export function late<P extends object>(
  get: () => Promise<ComponentType<P>>,
  room?: (props: P) => ReactNode,
) {
  let coming: Promise<void> | undefined;
  const part: Part<P> = {
    load: () => {
      coming ??= get().then(
        (found) => {
          part.found = found;
        },
        (problem: unknown) => {
          coming = undefined; // whoever draws it next tries again
          throw problem;
        },
      );
      return coming;
    },
    room,
  };
  const draw = (props: P) => createElement(Late<P>, { part, props });
  return Object.assign(draw, { load: part.load });
}
