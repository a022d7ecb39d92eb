import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import type { ProviderImport as Plan, ProviderFile, ProviderKind } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Badge, Skeleton } from '~/ui/states';
import { importNotes, readProviderFile } from './model';
import { providersQuery } from './queries';

/** A file from another house: what it would make, then what it made. */
export function ProviderImport({
  file,
  kinds,
  onClose,
}: {
  file: File;
  kinds: ProviderKind[];
  onClose: () => void;
}) {
  const t = useT();
  const client = useQueryClient();
  const [body, setBody] = useState<ProviderFile | null>(null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const isDone = plan?.items.some((item) => item.id !== null) ?? false;

  useEffect(() => {
    const stop = new AbortController();
    const look = async () => {
      try {
        const read = readProviderFile(file.size, await file.text());
        const found = await data(
          api.POST('/api/v1/providers/import/preview', { body: read, signal: stop.signal }),
        );
        setBody(read);
        setPlan(found);
      } catch (problem) {
        if (!stop.signal.aborted) setError(problem);
      }
    };
    void look();
    return () => stop.abort();
  }, [file]);

  const run = async () => {
    if (!body) return;
    setPending(true);
    setError(null);
    try {
      setPlan(await data(api.POST('/api/v1/providers/import', { body })));
      void client.invalidateQueries({ queryKey: providersQuery.queryKey });
      void client.invalidateQueries({ queryKey: ['models'] });
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t(isDone ? 'settings.import.done' : 'settings.import.title')}
      about={t(isDone ? 'settings.import.doneText' : 'settings.import.text')}
      foot={
        isDone || !plan ? (
          <Button onClick={onClose}>{t('common.close')}</Button>
        ) : (
          <>
            <Button onClick={onClose}>{t('common.cancel')}</Button>
            <Button look="ink" isPending={isPending} onClick={() => void run()}>
              {t('settings.import.action', { count: plan.items.length })}
            </Button>
          </>
        )
      }
    >
      {error !== null && <Refused error={error} />}
      {!plan && error === null && <Skeleton className="h-16 !rounded-8" />}
      {plan && (
        <ul className="rounded-8 outline outline-line">
          {plan.items.map((item) => (
            <li
              key={item.as_name}
              className="border-line border-b px-3 py-2 text-13 last:border-b-0"
            >
              <p className="flex flex-wrap items-center gap-2 font-medium">
                <span className="min-w-0 break-words">{item.as_name}</span>
                <Badge tone={item.is_enabled ? 'ok' : 'plain'}>
                  {t(item.is_enabled ? 'settings.provider.on' : 'settings.provider.off')}
                </Badge>
              </p>
              <p className="text-12 text-fg-3">
                {kinds.find((kind) => kind.name === item.kind)?.label ?? item.kind}
              </p>
              {importNotes(item).map((note) => (
                <p key={note} className="text-12 text-fg-2">
                  {t(`settings.import.${note}`, {
                    name: item.name,
                    count: item.unread_workflows,
                  })}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

/** Where in the file it is wrong, and what is wrong there, by the code. */
function Refused({ error }: { error: unknown }) {
  const t = useT();
  const field = error instanceof ApiError ? error.field : '';
  return (
    <div role="alert" className="mb-3 rounded-8 bg-bad-soft px-3 py-2 text-13">
      <p className="font-medium text-bad">{t('settings.import.refused')}</p>
      {field && <p className="mt-1 font-mono text-12 break-all">{field}</p>}
      <p className="mt-1 text-12 break-words text-fg-2">{errorText(error, t)}</p>
    </div>
  );
}
