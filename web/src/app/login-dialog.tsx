import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api, data } from '~/api/client';
import { errorText } from '~/api/errors';
import { meQuery } from '~/api/queries';
import { settleLogin } from '~/api/session';
import { useT } from '~/lib/i18n';
import { restartLive } from '~/live/connection';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field, SecretInput, TextInput } from '~/ui/field';

/** A session ended while someone worked: they sign in over the page, and what they did goes on. */
export function LoginDialog() {
  const t = useT();
  const client = useQueryClient();
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const [name, setName] = useState(me?.name ?? '');
  const [password, setPassword] = useState('');
  const [error, setError] = useState('');
  const [isPending, setPending] = useState(false);
  const first = useRef<HTMLInputElement>(null);

  const submit = async () => {
    setPending(true);
    setError('');
    try {
      const next = await data(api.POST('/api/v1/auth/login', { body: { name, password } }));
      // Another person's cache is not shown to this one.
      if (me && next.id !== me.id) client.clear();
      client.setQueryData(meQuery.queryKey, next);
      setPassword('');
      restartLive();
      settleLogin(true);
    } catch (problem) {
      setError(errorText(problem, t));
    } finally {
      setPending(false);
    }
  };

  return (
    <Dialog
      isOpen
      onClose={() => settleLogin(false)}
      title={t('common.session.title')}
      about={t('common.session.text')}
      focusFirst={first}
      isSticky
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field label={t('common.session.name')}>
          <TextInput
            ref={first}
            value={name}
            autoComplete="username"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={t('common.session.password')} error={error}>
          <SecretInput
            value={password}
            autoComplete="current-password"
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <Button look="ink" height="primary" type="submit" isPending={isPending}>
          {t('common.session.signIn')}
        </Button>
      </form>
    </Dialog>
  );
}
