import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus, RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import type { Provider, ProviderHealth, ProviderKey } from '~/api/types';
import { hasText, type Translate, useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { Field, SecretInput } from '~/ui/field';
import { ConfirmDialog } from '~/ui/lazy';
import { NumberInput } from '~/ui/number-input';
import { Badge } from '~/ui/states';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { shareOf } from './model';
import { providerHealthQuery } from './queries';

const KEYS_MAX = 8;

/** A key that calls under way need: how many, and what to do. */
function keyProblem(error: unknown, t: Translate): string {
  if (error instanceof ApiError && error.code === 'conflict' && error.field === 'key') {
    return error.limit
      ? t('settings.keys.needed', { count: error.limit })
      : t('settings.keys.there');
  }
  return errorText(error, t);
}

/** All keys of an account: calls are made with each of them, by weight. */
export function ProviderKeys({
  provider,
  hasTokens,
  onSaved,
}: {
  provider: Provider;
  hasTokens: boolean;
  onSaved: (next: Provider) => void;
}) {
  const t = useT();
  const client = useQueryClient();
  const { data: health } = useQuery(providerHealthQuery(provider.id));
  const [form, setForm] = useState<ProviderKey | 'new' | null>(null);
  const [removed, setRemoved] = useState<ProviderKey | null>(null);
  const [isPending, setPending] = useState(false);
  const resting = new Map(health?.resting_keys.map((one) => [one.id, one]));
  const saved = (next: Provider) => {
    onSaved(next);
    void client.invalidateQueries({ queryKey: ['provider-health', provider.id] });
  };
  const change = (key: ProviderKey, body: { weight?: number; is_enabled?: boolean }) =>
    void data(
      api.PATCH('/api/v1/providers/{id}/keys/{key_id}', {
        params: { path: { id: provider.id, key_id: key.id } },
        body,
      }),
    ).then(saved, (error) => showToast(keyProblem(error, t), { tone: 'bad' }));
  const remove = async (key: ProviderKey) => {
    setPending(true);
    try {
      saved(
        await data(
          api.DELETE('/api/v1/providers/{id}/keys/{key_id}', {
            params: { path: { id: provider.id, key_id: key.id } },
          }),
        ),
      );
    } catch (error) {
      showToast(keyProblem(error, t), { tone: 'bad' });
    } finally {
      setPending(false);
      setRemoved(null);
    }
  };

  return (
    <section className="flex flex-col gap-2" aria-label={t('settings.keys.title')}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="min-w-48 flex-1">
          <h4 className="text-13 font-medium">{t('settings.keys.title')}</h4>
          <p className="text-12 text-fg-3">{t('settings.keys.text')}</p>
        </div>
        {provider.keys.length < KEYS_MAX && form !== 'new' && (
          <Button icon={Plus} onClick={() => setForm('new')}>
            {t('settings.keys.add')}
          </Button>
        )}
      </div>
      {provider.keys.length > 0 && (
        <ul className="rounded-8 border border-line">
          {provider.keys.map((key) => (
            <li key={key.id} className="border-line border-b px-3 py-2 last:border-b-0">
              <KeyRow
                item={key}
                rest={resting.get(key.id)}
                share={shareOf(key, provider.keys, resting)}
                onChange={(body) => change(key, body)}
                onReplace={() => setForm(key)}
                onRemove={() => setRemoved(key)}
              />
              {form !== 'new' && form?.id === key.id && (
                <KeyForm
                  provider={provider}
                  hasTokens={hasTokens}
                  replaced={key}
                  onClose={() => setForm(null)}
                  onSaved={saved}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {form === 'new' && (
        <KeyForm
          provider={provider}
          hasTokens={hasTokens}
          onClose={() => setForm(null)}
          onSaved={saved}
        />
      )}
      <ConfirmDialog
        isOpen={removed !== null}
        onClose={() => setRemoved(null)}
        isPending={isPending}
        title={t('settings.keys.removeTitle', { hint: removed?.hint ?? '' })}
        about={t('settings.keys.removeText')}
        action={t('settings.keys.remove')}
        onConfirm={() => removed && void remove(removed)}
      />
    </section>
  );
}

function KeyRow({
  item,
  rest,
  share,
  onChange,
  onReplace,
  onRemove,
}: {
  item: ProviderKey;
  rest: ProviderHealth['resting_keys'][number] | undefined;
  share: number;
  onChange: (body: { weight?: number; is_enabled?: boolean }) => void;
  onReplace: () => void;
  onRemove: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const [weight, setWeight] = useState<number | null>(item.weight);
  const key = `settings.failure.${rest?.reason}`;
  const why = hasText(key) ? t(key) : (rest?.reason ?? '');
  const name = { hint: item.hint };
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <div className="flex min-w-40 flex-1 flex-wrap items-center gap-2">
        <span className="font-mono text-13">{`•••• ${item.hint}`}</span>
        {item.has_session_token && <Badge>{t('settings.keys.temporary')}</Badge>}
        {item.is_lost ? (
          <Badge tone="warn">{t('settings.keys.lost')}</Badge>
        ) : rest ? (
          <>
            <Badge tone="warn">
              {rest.until
                ? t('settings.keys.restsUntil', { why, time: format.dateTime(rest.until) })
                : t('settings.keys.rests', { why })}
            </Badge>
            <IconButton
              icon={RotateCcw}
              size="dense"
              label={t('settings.keys.again', name)}
              onClick={() => onChange({ is_enabled: true })}
            />
          </>
        ) : (
          <span className="text-12 text-fg-3 tabular-nums">
            {item.is_enabled
              ? t('settings.keys.share', { share: format.percent(share) })
              : t('settings.keys.off')}
          </span>
        )}
      </div>
      <Field label={t('settings.keys.weight', name)} isLabelHidden className="w-28">
        <NumberInput
          value={weight}
          min={1}
          max={100}
          onChange={setWeight}
          onCommit={(value) => value && value !== item.weight && onChange({ weight: value })}
        />
      </Field>
      <Switch
        label={t('settings.keys.use', name)}
        isLabelHidden
        isOn={item.is_enabled}
        onChange={(is_enabled) => onChange({ is_enabled })}
      />
      <div className="flex">
        <IconButton
          icon={KeyRound}
          label={t('settings.keys.replaceOf', name)}
          onClick={onReplace}
        />
        <IconButton icon={Trash2} label={t('settings.keys.removeOf', name)} onClick={onRemove} />
      </div>
    </div>
  );
}

function KeyForm({
  provider,
  hasTokens,
  replaced,
  onClose,
  onSaved,
}: {
  provider: Provider;
  hasTokens: boolean;
  replaced?: ProviderKey;
  onClose: () => void;
  onSaved: (next: Provider) => void;
}) {
  const t = useT();
  const [key, setKey] = useState('');
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<{ text: string; isToken: boolean } | null>(null);
  const [isPending, setPending] = useState(false);
  const save = async () => {
    if (key.trim() === '') {
      setProblem({ text: t('errors.required'), isToken: false });
      return;
    }
    setPending(true);
    try {
      const path = { id: provider.id };
      const body = { key, ...(token.trim() ? { session_token: token.trim() } : {}) };
      onSaved(
        await data(
          replaced
            ? api.PATCH('/api/v1/providers/{id}/keys/{key_id}', {
                params: { path: { ...path, key_id: replaced.id } },
                body,
              })
            : api.POST('/api/v1/providers/{id}/keys', { params: { path }, body }),
        ),
      );
      onClose();
    } catch (error) {
      const isToken = error instanceof ApiError && error.field === 'session_token';
      setProblem({ text: keyProblem(error, t), isToken });
      setPending(false);
    }
  };
  return (
    <form
      noValidate
      className="flex flex-wrap items-end gap-2 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field
        label={
          replaced ? t('settings.keys.newOf', { hint: replaced.hint }) : t('settings.keys.new')
        }
        error={problem && !problem.isToken ? problem.text : ''}
        className="min-w-60 flex-1"
      >
        <SecretInput
          value={key}
          autoComplete="off"
          autoFocus
          onChange={(event) => {
            setKey(event.target.value);
            setProblem(null);
          }}
        />
      </Field>
      {hasTokens && (
        <Field
          label={t('settings.keys.token')}
          error={problem?.isToken ? problem.text : ''}
          className="min-w-60 flex-1"
        >
          <SecretInput
            value={token}
            autoComplete="off"
            onChange={(event) => {
              setToken(event.target.value);
              setProblem(null);
            }}
          />
        </Field>
      )}
      <Button onClick={onClose}>{t('common.cancel')}</Button>
      <Button look="ink" type="submit" isPending={isPending}>
        {t('common.save')}
      </Button>
    </form>
  );
}
