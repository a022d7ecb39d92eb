import { useQuery } from '@tanstack/react-query';
import { Download, Plug, Plus, Upload } from 'lucide-react';
import { useRef, useState } from 'react';
import { queueQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { Button, buttonClass } from '~/ui/button';
import { useTitle } from '~/ui/page';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { asItRuns } from './model';
import { ProviderCard } from './provider-card';
import { providerKindsQuery, providersQuery } from './queries';
import { Section } from './section';

const ProviderDialog = late(() => import('./provider-dialog').then((file) => file.ProviderDialog));
const ProviderImport = late(() => import('./provider-import').then((file) => file.ProviderImport));

export function ProvidersPage() {
  const t = useT();
  const format = useFormat();
  const providers = useQuery(providersQuery);
  const kinds = useQuery(providerKindsQuery);
  const queue = useQuery(queueQuery);
  const [isAdding, setAdding] = useState(false);
  const [file, setFile] = useState<File | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  useTitle(t('settings.nav.providers'));
  const error = providers.error ?? kinds.error;
  return (
    <Section
      at="providers"
      title={t('settings.nav.providers')}
      text={t('settings.providers.text')}
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <a href="/api/v1/providers/export" download className={buttonClass('outline')}>
            <Download size={16} strokeWidth={1.75} aria-hidden />
            {t('settings.providers.export')}
          </a>
          <Button icon={Upload} onClick={() => picker.current?.click()}>
            {t('settings.providers.import')}
          </Button>
          <Button look="ink" icon={Plus} onClick={() => setAdding(true)}>
            {t('settings.providers.add')}
          </Button>
          <input
            ref={picker}
            type="file"
            accept="application/json,.json"
            hidden
            aria-label={t('settings.import.title')}
            onChange={(event) => {
              setFile(event.target.files?.[0] ?? null);
              event.target.value = '';
            }}
          />
        </div>
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

      {isAdding && kinds.data && (
        <ProviderDialog
          kinds={kinds.data}
          taken={providers.data?.map((provider) => provider.name) ?? []}
          onClose={() => setAdding(false)}
        />
      )}
      {file && kinds.data && (
        <ProviderImport file={file} kinds={kinds.data} onClose={() => setFile(null)} />
      )}
    </Section>
  );
}
