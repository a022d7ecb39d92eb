import clsx from 'clsx';
import { Fragment } from 'react';
import { keyCaps } from '~/lib/commands';

export function Keys({ keys, isOnInk = false }: { keys: string; isOnInk?: boolean }) {
  return (
    <span className="inline-flex items-center gap-0.5" aria-hidden>
      {keyCaps(keys).map((cap, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: "G G" has the same cap twice
        <Fragment key={index}>
          {index > 0 && ' ' /* what is seen are words, as what is read out */}
          <kbd
            className={clsx(
              'inline-flex h-4 min-w-4 items-center justify-center rounded-4 px-1 font-sans text-11',
              isOnInk ? 'bg-ink-fg/15 text-ink-fg' : 'bg-surface-2 text-fg-2',
            )}
          >
            {cap}
          </kbd>
        </Fragment>
      ))}
    </span>
  );
}
