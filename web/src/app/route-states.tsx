import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { Compass, RotateCw } from 'lucide-react';
import { ApiError } from '~/api/errors';
import { useT } from '~/lib/i18n';
import { useConnection } from '~/live/connection';
import { Button } from '~/ui/button';
import { LinkButton } from '~/ui/link';
import { useTitle } from '~/ui/page';
import { EmptyState, ErrorState } from '~/ui/states';
import { forgetFailedPages } from './lazy-route';

/** A chunk that is gone means that a newer version was put in place. */
function isMissingChunk(error: unknown): boolean {
  return (
    error instanceof Error &&
    /dynamically imported module|importing a module script|error loading/i.test(error.message)
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  const t = useT();
  const router = useRouter();
  const isLost = useConnection(({ state }) => state === 'lost');
  const retry = () => {
    forgetFailedPages();
    reset();
    void router.invalidate();
  };
  if (isMissingChunk(error) && isLost) {
    return <ErrorState error={new ApiError(0, {})} onRetry={retry} />;
  }
  if (isMissingChunk(error)) {
    return (
      <EmptyState icon={RotateCw} title={t('common.version.title')} text={t('common.version.text')}>
        <Button look="ink" onClick={() => location.reload()}>
          {t('common.version.reload')}
        </Button>
      </EmptyState>
    );
  }
  return <ErrorState error={error} onRetry={retry} />;
}

/** Within a page, whose main part is there already. */
export function NotFound() {
  const t = useT();
  useTitle(t('common.notFound.title'));
  return (
    <EmptyState
      isPage
      icon={Compass}
      title={t('common.notFound.title')}
      text={t('common.notFound.text')}
    >
      <LinkButton to="/generate" look="ink">
        {t('common.notFound.back')}
      </LinkButton>
    </EmptyState>
  );
}

/** All there is on the screen. */
export function NothingHere() {
  return (
    <main className="flex h-full">
      <NotFound />
    </main>
  );
}
