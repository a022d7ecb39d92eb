import { useQuery } from '@tanstack/react-query';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import { meQuery } from '~/api/queries';
import { copyText } from '~/lib/clipboard';
import { useT } from '~/lib/i18n';
import { keepsHouse } from '~/lib/roles';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field, TextInput } from '~/ui/field';
import { Select } from '~/ui/select';
import { Checkbox } from '~/ui/switch';

const scopes = ['read', 'write', 'generate', 'admin'] as const;
type Scope = (typeof scopes)[number];
const lifetimes = ['0', '30', '90', '365'] as const;

/** Makes a token and shows it this once. */
export function AddToken({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<Scope[]>(['read', 'generate']);
  const [days, setDays] = useState<(typeof lifetimes)[number]>('90');
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const [token, setToken] = useState('');
  const [isCopied, setCopied] = useState(false);
  const isAdmin = keepsHouse(me);

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
