import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Copy, KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { api, data, done } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import { meQuery } from '~/api/queries';
import type { Token } from '~/api/types';
import { copyText } from '~/lib/clipboard';
import { useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { ConfirmDialog, Dialog } from '~/ui/dialog';
import { Field, TextInput } from '~/ui/field';
import { useTitle } from '~/ui/page';
import { Select } from '~/ui/select';
import { Badge, EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { Checkbox } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { tokensQuery } from './queries';
import { Section } from './section';

const scopes = ['read', 'write', 'generate', 'admin'] as const;
type Scope = (typeof scopes)[number];
const lifetimes = ['0', '30', '90', '365'] as const;

export function TokensPage() {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const [isAdding, setAdding] = useState(false);
  const [revoked, setRevoked] = useState<Token | null>(null);
  const [isPending, setPending] = useState(false);
  useTitle(t('settings.nav.tokens'));
  const refresh = () => client.invalidateQueries({ queryKey: tokensQuery.queryKey });

  const revoke = async (token: Token) => {
    setPending(true);
    try {
      await done(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id: token.id } } }));
      showToast(t('settings.tokens.revoked', { name: token.name }));
      await refresh();
      setRevoked(null);
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
    } finally {
      setPending(false);
    }
  };

  return (
    <Section
      title={t('settings.nav.tokens')}
      text={t('settings.tokens.text')}
      aside={
        <Button look="ink" icon={Plus} onClick={() => setAdding(true)}>
          {t('settings.tokens.add')}
        </Button>
      }
    >
      {tokens.isPending && <Skeleton className="h-28 !rounded-8" />}
      {tokens.error && <ErrorState error={tokens.error} onRetry={() => void refresh()} isCompact />}
      {tokens.data?.length === 0 && (
        <EmptyState
          icon={KeyRound}
          title={t('settings.tokens.empty')}
          text={t('settings.tokens.emptyText')}
        />
      )}
      {tokens.data && tokens.data.length > 0 && (
        <ul className="overflow-hidden rounded-8 bg-surface shadow-1 outline outline-line">
          {tokens.data.map((token) => (
            <li
              key={token.id}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-b px-4 py-3 last:border-b-0"
            >
              <div className="min-w-48 flex-1">
                <p className="flex items-center gap-2 text-13 font-medium">
                  <span className="truncate">{token.name}</span>
                  <span className="font-mono text-12 text-fg-3">{`…${token.hint}`}</span>
                </p>
                <p className="text-12 text-fg-3 tabular-nums">
                  {[
                    token.last_used_at
                      ? t('settings.tokens.used', { time: format.relative(token.last_used_at) })
                      : t('settings.tokens.unused'),
                    token.expires_at
                      ? t('settings.tokens.expires', { time: format.dateTime(token.expires_at) })
                      : t('settings.tokens.forever'),
                  ].join(' · ')}
                </p>
              </div>
              <div className="flex gap-1">
                {token.scopes.map((scope) => (
                  <Badge key={scope}>{scope}</Badge>
                ))}
              </div>
              <Button look="danger-ghost" height="dense" onClick={() => setRevoked(token)}>
                {t('settings.tokens.revoke')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {isAdding && (
        <AddToken
          onClose={() => setAdding(false)}
          onAdded={() => {
            void refresh();
          }}
        />
      )}
      <ConfirmDialog
        isOpen={revoked !== null}
        onClose={() => setRevoked(null)}
        isPending={isPending}
        title={t('settings.tokens.revokeTitle', { name: revoked?.name ?? '' })}
        about={t('settings.tokens.revokeText')}
        action={t('settings.tokens.revoke')}
        onConfirm={() => revoked && void revoke(revoked)}
      />
    </Section>
  );
}

function AddToken({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<Scope[]>(['read', 'generate']);
  const [days, setDays] = useState<(typeof lifetimes)[number]>('90');
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const [token, setToken] = useState('');
  const [isCopied, setCopied] = useState(false);
  const isAdmin = me?.role === 'admin' || me?.role === 'owner';

  const submit = async () => {
    setPending(true);
    setError(null);
    try {
      const made = await data(
        api.POST('/api/v1/tokens', {
          body: {
            name: name.trim(),
            scopes: chosen,
            ...(days === '0'
              ? {}
              : { expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }),
          },
        }),
      );
      setToken(made.token);
      onAdded();
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };

  if (token) {
    return (
      <Dialog
        isOpen
        onClose={onClose}
        isSticky
        title={t('settings.tokens.made')}
        about={t('settings.tokens.once')}
        foot={
          <Button look="ink" onClick={onClose}>
            {t('settings.tokens.stored')}
          </Button>
        }
      >
        <div className="flex items-center gap-2 rounded-8 bg-surface-2 p-2 pl-3">
          <code className="min-w-0 flex-1 font-mono text-12 break-all" data-testid="token">
            {token}
          </code>
          <Button
            icon={isCopied ? Check : Copy}
            onClick={() => void copyText(token).then((isDone) => setCopied(isDone))}
          >
            {t(isCopied ? 'common.copied' : 'common.copy')}
          </Button>
        </div>
      </Dialog>
    );
  }
  const field = error instanceof ApiError ? error.field : '';
  return (
    <Dialog isOpen onClose={onClose} title={t('settings.tokens.add')}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label={t('settings.tokens.name')}
          help={t('settings.tokens.nameHelp')}
          error={field === 'name' ? errorText(error, t) : ''}
        >
          <TextInput
            value={name}
            maxLength={100}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <fieldset>
          <legend className="mb-1 text-13 font-medium">{t('settings.tokens.scopes')}</legend>
          {scopes
            .filter((scope) => scope !== 'admin' || isAdmin)
            .map((scope) => (
              <Checkbox
                key={scope}
                label={t(`settings.scope.${scope}`)}
                help={t(`settings.scope.${scope}Help`)}
                isOn={chosen.includes(scope)}
                onChange={(isOn) =>
                  setChosen(isOn ? [...chosen, scope] : chosen.filter((one) => one !== scope))
                }
              />
            ))}
        </fieldset>
        <Field label={t('settings.tokens.lifetime')} isCustom>
          <Select
            value={days}
            onChange={setDays}
            options={lifetimes.map((value) => ({
              value,
              label:
                value === '0'
                  ? t('settings.tokens.forever')
                  : t('settings.tokens.days', { count: Number(value) }),
            }))}
          />
        </Field>
        {error !== null && field !== 'name' && (
          <p role="alert" className="text-12 text-bad">
            {errorText(error, t)}
          </p>
        )}
        <Button
          look="ink"
          type="submit"
          isPending={isPending}
          whyNot={
            name.trim() === ''
              ? t('settings.tokens.needsName')
              : chosen.length === 0
                ? t('settings.tokens.needsScope')
                : ''
          }
        >
          {t('settings.tokens.create')}
        </Button>
      </form>
    </Dialog>
  );
}
