import clsx from 'clsx';
import { type ReactNode, useEffect } from 'react';

/** The name of the page in the tab; the frame puts the count of running work before it. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} · vitrine` : 'vitrine';
  }, [title]);
}

export function PageHead({
  title,
  count,
  children,
  className,
}: {
  title: string;
  count?: ReactNode;
  children?: ReactNode;
  className?: string;
}) {
  useTitle(title);
  return (
    <div
      className={clsx(
        'flex min-h-12 shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-line border-b bg-surface px-4 py-2 max-md:px-3',
        className,
      )}
    >
      <h1 tabIndex={-1} className="text-16 font-semibold">
        {title}
      </h1>
      {count !== undefined && <span className="text-13 text-fg-3 tabular-nums">{count}</span>}
      {children}
    </div>
  );
}
