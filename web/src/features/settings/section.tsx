import { useLocation } from '@tanstack/react-router';
import clsx from 'clsx';
import { type ReactNode, useEffect, useRef } from 'react';
import { Boundary } from '~/ui/boundary';

/** Whether the address points here, and then puts the reader there: at `target`, else at its first field. */
function useAnchor<T extends HTMLElement>(at: string | undefined) {
  const ref = useRef<T>(null);
  const hash = useLocation({ select: (location) => location.hash });
  const isMeant = at !== undefined && hash === at;
  useEffect(() => {
    const place = ref.current;
    if (!isMeant || !place) return;
    place.scrollIntoView({ block: 'center' });
    const wanted =
      place.tagName === 'SECTION'
        ? 'h2'
        : 'input, textarea, [role=switch], [role=combobox], button';
    const field = place.querySelector<HTMLElement>(wanted);
    (field ?? place).focus({ preventScroll: true });
  }, [isMeant]);
  return { ref, isMeant };
}

/** One setting that the search and the palette lead to. */
export function Anchor({
  at,
  children,
  className,
}: {
  at: string;
  children: ReactNode;
  className?: string;
}) {
  const { ref, isMeant } = useAnchor<HTMLDivElement>(at);
  return (
    <div
      ref={ref}
      id={at}
      tabIndex={-1}
      className={clsx(
        className,
        isMeant ? '!outline-2 !outline-accent rounded-8 outline outline-offset-4' : 'outline-none',
      )}
    >
      {children}
    </div>
  );
}

/** A block of settings: what it is for, then its card. */
export function Section({
  at,
  title,
  text,
  aside,
  children,
}: {
  /** the anchor that the search leads to */
  at?: string;
  title: string;
  text?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  const { ref, isMeant } = useAnchor<HTMLElement>(at);
  return (
    <section ref={ref} id={at} className="scroll-mt-4">
      <div className="mb-3 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div>
          <h2
            tabIndex={at ? -1 : undefined}
            className={clsx(
              'text-16 font-semibold outline-none',
              isMeant && '!outline-2 !outline-accent rounded-4 outline outline-offset-4',
            )}
          >
            {title}
          </h2>
          {text && <p className="text-13 text-fg-2">{text}</p>}
        </div>
        {aside}
      </div>
      <Boundary>{children}</Boundary>
    </section>
  );
}

export function Card({ children, className = '' }: { children: ReactNode; className?: string }) {
  return (
    <div className={`rounded-8 bg-surface p-4 shadow-1 outline outline-line ${className}`}>
      {children}
    </div>
  );
}
