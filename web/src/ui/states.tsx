import clsx from 'clsx';
import { Copy, type LucideIcon, RotateCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError, errorDetail, errorText } from '~/api/errors';
import { copyText } from '~/lib/clipboard';
import { currentLanguage, useT } from '~/lib/i18n';
import { Button, buttonClass } from './button';
import { showToast } from './toast';

/** What belongs here, and the one action that brings it. */
export function EmptyState({
  icon: Icon,
  title,
  text,
  children,
  isPage = false,
}: {
  icon: LucideIcon;
  title: string;
  text: string;
  children?: ReactNode;
  /** it is all there is: its title is the page's */
  isPage?: boolean;
}) {
  const Title = isPage ? 'h1' : 'h2';
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-2 p-8 text-center">
      <span className="mb-2 flex size-12 items-center justify-center rounded-12 bg-surface-2 text-fg-3">
        <Icon size={24} strokeWidth={1.5} aria-hidden />
      </span>
      <Title className="text-16 font-semibold">{title}</Title>
      <p className="max-w-sm text-balance text-13 text-fg-2">{text}</p>
      {children && <div className="mt-3 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}

/** A failure in its place: the cause in one sentence, the way on, the trace id to copy. */
export function ErrorState({
  error,
  onRetry,
  isCompact = false,
}: {
  error: unknown;
  onRetry?: () => void;
  isCompact?: boolean;
}) {
  const t = useT();
  const trace = error instanceof ApiError ? error.traceId : '';
  const code = error instanceof ApiError && error.status > 0 ? error.code : '';
  // The server's own words are English; who reads another language has the sentence of the code.
  const detail = currentLanguage() === 'en' ? errorDetail(error) : '';
  return (
    <div
      role="alert"
      className={clsx(
        'flex flex-col items-center justify-center gap-2 text-center',
        isCompact ? 'p-4' : 'flex-1 p-8',
      )}
    >
      <TriangleAlert
        size={isCompact ? 20 : 24}
        strokeWidth={1.5}
        className="text-bad"
        aria-hidden
      />
      <p className="max-w-md text-13 text-fg">{errorText(error, t)}</p>
      {detail && <p className="max-w-md text-12 text-fg-3">{detail}</p>}
      <div className="mt-2 flex flex-wrap justify-center gap-2">
        {onRetry && (
          <Button icon={RotateCw} onClick={onRetry} height="dense">
            {t('common.retry')}
          </Button>
        )}
        {trace && (
          <Button
            look="ghost"
            height="dense"
            icon={Copy}
            onClick={() =>
              void copyText(trace).then((isDone) => isDone && showToast(t('common.copied')))
            }
          >
            {t('common.trace.copy')}
          </Button>
        )}
        {code && (
          <a
            href={`/docs/errors#${code}`}
            target="_blank"
            rel="noreferrer"
            className={buttonClass('ghost', 'dense')}
          >
            {t('common.error.about')}
          </a>
        )}
      </div>
    </div>
  );
}

export function Skeleton({ className }: { className?: string }) {
  return (
    <div
      aria-hidden
      data-skeleton
      className={clsx('appear-late rounded-6 bg-surface-3', className)}
    />
  );
}

/** A small coloured word. */
export function Badge({
  tone = 'plain',
  children,
}: {
  tone?: 'plain' | 'accent' | 'ok' | 'warn' | 'bad';
  children: ReactNode;
}) {
  const tones = {
    plain: 'bg-surface-2 text-fg-2',
    accent: 'bg-accent-soft text-accent-text',
    ok: 'bg-ok-soft text-ok',
    warn: 'bg-warn-soft text-warn',
    bad: 'bg-bad-soft text-bad',
  };
  return (
    <span
      className={clsx(
        'inline-flex h-5 items-center gap-1 whitespace-nowrap rounded-full px-2 text-11 font-medium',
        tones[tone],
      )}
    >
      {children}
    </span>
  );
}
