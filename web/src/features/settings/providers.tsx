import { useQuery } from '@tanstack/react-query';
import { Plug, Plus } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { queueQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { useTitle } from '~/ui/page';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { asItRuns } from './model';
import { ProviderCard } from './provider-card';
import { providerKindsQuery, providersQuery } from './queries';
import { Section } from './section';

const ProviderDialog = lazy(() =>
  import('./provider-dialog').then((file) => ({ default: file.ProviderDialog })),
);

export function ProvidersPage() {
  const t = useT();
  const format = useFormat();
  const providers = useQuery(providersQuery);
  const kinds = useQuery(providerKindsQuery);
  const queue = useQuery(queueQuery);
  const [isAdding, setAdding] = useState(false);
  useTitle(t('settings.nav.providers'));
  const error = providers.error ?? kinds.error;
  return (
    <Section
      title={t('settings.nav.providers')}
      text={t('settings.providers.text')}
      aside={
        <Button look="ink" icon={Plus} onClick={() => setAdding(true)}>
          {t('settings.providers.add')}
        </Button>
      }
    >
      {(providers.isPending || kinds.isPending) && (
        <div className="flex flex-col gap-3">
          <Skeleton className="h-32 !rounded-8" />
          <Skeleton className="h-32 !rounded-8" />
        </div>
      )}
      {error && (
        <ErrorState
          error={error}
          onRetry={() => {
            void providers.refetch();
            void kinds.refetch();
          }}
        />
      )}
      {providers.data?.length === 0 && (
        <EmptyState
          icon={Plug}
          title={t('settings.providers.empty')}
          text={t('settings.providers.emptyText')}
        />
      )}
      {providers.data && kinds.data && (
        <ul className="flex flex-col gap-3">
          {providers.data.map((provider) => (
            <ProviderCard
              key={provider.id}
              provider={asItRuns(provider, queue.data)}
              kind={kinds.data.find((kind) => kind.name === provider.kind)}
              language={format.language}
            />
          ))}
        </ul>
      )}
      <Suspense>
        {isAdding && kinds.data && (
          <ProviderDialog
            kinds={kinds.data}
            taken={providers.data?.map((provider) => provider.name) ?? []}
            onClose={() => setAdding(false)}
          />
        )}
      </Suspense>
    </Section>
  );
}
