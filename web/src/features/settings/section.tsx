import type { ReactNode } from 'react';
import { Boundary } from '~/ui/boundary';

/** A block of settings: what it is for, then its card. */
export function Section({
  title,
  text,
  aside,
  children,
}: {
  title: string;
  text?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section>
      <div className="mb-3 flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div>
          <h2 className="text-16 font-semibold">{title}</h2>
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
