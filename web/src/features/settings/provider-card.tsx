import { useQueryClient } from '@tanstack/react-query';
import clsx from 'clsx';
import {
  ChevronRight,
  CircleCheck,
  CircleX,
  MoreHorizontal,
  Pause,
  Pencil,
  Play,
  Trash2,
  Zap,
} from 'lucide-react';
import { useState } from 'react';
import { api, data, done } from '~/api/client';
import { errorText } from '~/api/errors';
import type { Provider, ProviderKind, ProviderTest } from '~/api/types';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { Button, IconButton } from '~/ui/button';
import { ConfirmDialog } from '~/ui/lazy';
import { Menu } from '~/ui/menu';
import { Quoted } from '~/ui/quoted';
import { Badge } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { ProviderHealth } from './provider-health';
import { providersQuery } from './queries';

const ProviderRules = late(() => import('./provider-rules').then((file) => file.ProviderRules));
const ProviderDialog = late(() => import('./provider-dialog').then((file) => file.ProviderDialog));

/** One account: how it does, a test, its rules. */
export function ProviderCard({
  provider,
  kind,
  language,
}: {
  provider: Provider;
  kind: ProviderKind | undefined;
  language: string;
}) {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const [test, setTest] = useState<ProviderTest | null>(null);
  const [isTesting, setTesting] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const [dialog, setDialog] = useState<'edit' | 'delete' | null>(null);
  const [isDeleting, setDeleting] = useState(false);
  const path = { params: { path: { id: provider.id } } };
  const fail = (error: unknown) => showToast(errorText(error, t), { tone: 'bad' });
  const put = (next: Provider) => {
    client.setQueryData(providersQuery.queryKey, (list) =>
      list?.map((one) => (one.id === next.id ? next : one)),
    );
    void client.invalidateQueries({ queryKey: ['models'] });
  };

  const runTest = async () => {
    setTesting(true);
    setTest(null);
    try {
      setTest(await data(api.POST('/api/v1/providers/{id}/test', path)));
    } catch (error) {
      fail(error);
    } finally {
      setTesting(false);
    }
  };
  const remove = async () => {
    setDeleting(true);
    try {
      await done(api.DELETE('/api/v1/providers/{id}', path));
      await client.invalidateQueries({ queryKey: providersQuery.queryKey });
      void client.invalidateQueries({ queryKey: ['models'] });
    } catch (error) {
      fail(error);
      setDeleting(false);
    }
  };

  const reason = `errors.provider_${provider.pause_reason}`;
  return (
    <li className="rounded-8 bg-surface shadow-1 outline outline-line">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 p-4">
        <div className="min-w-48 flex-1">
          <h3 className="flex flex-wrap items-center gap-2 text-14 font-semibold">
            {provider.name}
            {!provider.is_enabled ? (
              <Badge>{t('settings.provider.off')}</Badge>
            ) : provider.is_paused ? (
              <Badge tone="warn">{t('settings.provider.paused')}</Badge>
            ) : (
              <Badge tone="ok">{t('settings.provider.on')}</Badge>
            )}
          </h3>
          <p className="truncate text-12 text-fg-3">
            {[
              kind?.label ?? provider.kind,
              provider.base_url,
              provider.keys.length === 1 && t('settings.provider.key', { hint: provider.key_hint }),
              provider.keys.length > 1 && t('settings.keys.count', { count: provider.keys.length }),
              t('settings.provider.models', { count: provider.models.length }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        <div className="flex items-center gap-2">
          <Button icon={Zap} isPending={isTesting} onClick={() => void runTest()}>
            {t('settings.provider.test')}
          </Button>
          <Button icon={Pencil} onClick={() => setDialog('edit')}>
            {t('settings.provider.edit')}
          </Button>
          <Menu
            trigger={<IconButton icon={MoreHorizontal} label={t('common.more')} />}
            entries={[
              {
                label: t(
                  provider.is_paused ? 'settings.provider.resume' : 'settings.provider.pause',
                ),
                icon: provider.is_paused ? Play : Pause,
                run: () =>
                  void data(
                    provider.is_paused
                      ? api.POST('/api/v1/providers/{id}/resume', path)
                      : api.POST('/api/v1/providers/{id}/pause', { ...path, body: {} }),
                  ).then(put, fail),
              },
              'line',
              {
                label: t('settings.provider.delete'),
                icon: Trash2,
                isDanger: true,
                run: () => setDialog('delete'),
              },
            ]}
          />
        </div>
      </div>
      {provider.is_paused && provider.pause_reason && (
        <p className="mx-4 mb-4 rounded-8 bg-warn-soft px-3 py-2 text-13 text-warn">
          {hasText(reason) ? t(reason) : provider.pause_reason}
        </p>
      )}
      <ProviderHealth id={provider.id} />
      {test && <TestResult test={test} onEdit={() => setDialog('edit')} />}
      <div className="border-line border-t">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="flex h-9 w-full items-center gap-1.5 px-4 text-12 font-medium text-fg-2 hover:text-fg touch:h-11"
        >
          <ChevronRight
            size={14}
            aria-hidden
            className={clsx('transition-transform duration-200', isOpen && 'rotate-90')}
          />
          {t('settings.provider.rules')}
        </button>
        {isOpen && (
          <ProviderRules
            provider={provider}
            hasKeys={kind?.fields.some((field) => field.name === 'key') ?? false}
            hasTokens={kind?.fields.some((field) => field.name === 'session_token') ?? false}
            onSaved={put}
          />
        )}
      </div>
      {dialog === 'edit' && kind && (
        <ProviderDialog
          kinds={[kind]}
          provider={provider}
          taken={[]}
          onClose={() => setDialog(null)}
        />
      )}
      <ConfirmDialog
        isOpen={dialog === 'delete'}
        onClose={() => setDialog(null)}
        isPending={isDeleting}
        title={t('settings.provider.deleteTitle', { name: provider.name })}
        about={t('settings.provider.deleteText')}
        action={t('settings.provider.delete')}
        typeName={provider.name}
        onConfirm={() => void remove()}
      />
      <span className="sr-only" lang={language}>
        {isTesting ? t('settings.provider.testing') : ''}
        {test &&
          (test.ok
            ? t('settings.test.ok', { time: format.duration(Math.max(100, test.took_ms)) })
            : t('settings.test.failed'))}
      </span>
    </li>
  );
}

function TestResult({ test, onEdit }: { test: ProviderTest; onEdit: () => void }) {
  const t = useT();
  const format = useFormat();
  if (test.ok) {
    return (
      <div className="mx-4 mb-4 rounded-8 bg-ok-soft px-3 py-2 text-13">
        <p className="flex items-center gap-2 font-medium text-ok tabular-nums">
          <CircleCheck size={16} aria-hidden />
          {t('settings.test.ok', { time: format.duration(Math.max(100, test.took_ms)) })}
        </p>
        {test.models.length > 0 && (
          <p className="mt-1 max-h-24 overflow-y-auto text-12 text-fg-2">
            {t('settings.test.models', {
              count: test.models.length,
              names: new Intl.ListFormat(format.language, { type: 'unit' }).format(test.models),
            })}
          </p>
        )}
      </div>
    );
  }
  const reason = `settings.test.reason.${test.reason ?? 'other'}`;
  const said = t(hasText(reason) ? reason : 'settings.test.reason.other');
  return (
    <div className="mx-4 mb-4 rounded-8 bg-bad-soft px-3 py-2 text-13">
      <p className="flex items-start gap-2 font-medium text-bad">
        <CircleX size={16} className="mt-0.5 shrink-0" aria-hidden />
        {test.key_hint ? t('settings.test.key', { hint: test.key_hint, reason: said }) : said}
      </p>
      {test.message && <Quoted text={test.message} className="mt-1" />}
      <Button height="dense" className="mt-2" onClick={onEdit}>
        {t('settings.provider.edit')}
      </Button>
    </div>
  );
}
