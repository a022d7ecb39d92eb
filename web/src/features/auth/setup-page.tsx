import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import { meQuery, setupQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Field, SecretInput, TextInput } from '~/ui/field';
import { LinkButton } from '~/ui/link';
import { useTitle } from '~/ui/page';
import { Card } from './card';
import { passwordLengthMin } from './model';

const route = getRouteApi('/setup/$token');

/** The first owner, by the one-time link that the server printed. */
export function SetupPage() {
  const t = useT();
  const { language } = useFormat();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { token } = route.useParams();
  const { data: setup } = useQuery(setupQuery);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [isTouched, setTouched] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  useTitle(t('auth.setup.title'));

  const isShort = [...password].length < passwordLengthMin;
  const field = error instanceof ApiError ? error.field : '';
  const submit = async () => {
    setTouched(true);
    if (isShort) return;
    setPending(true);
    setError(null);
    try {
      const me = await data(
        api.POST('/api/v1/setup', {
          body: {
            token,
            name: name.trim(),
            password,
            language: language === 'zh-CN' ? 'zh-CN' : 'en',
          },
        }),
      );
      client.clear();
      client.setQueryData(meQuery.queryKey, me);
      await navigate({ to: '/generate', replace: true });
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };

  if (setup && !setup.is_needed) {
    return (
      <Card title={t('auth.setupDone.title')} text={t('auth.setupDone.text')}>
        <LinkButton to="/login" look="ink" height="primary" className="w-full">
          {t('auth.login.action')}
        </LinkButton>
      </Card>
    );
  }
  return (
    <Card title={t('auth.setup.title')} text={t('auth.setup.text')}>
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label={t('auth.name.label')}
          help={t('auth.name.help')}
          error={field === 'name' ? errorText(error, t) : ''}
        >
          <TextInput
            value={name}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            autoFocus
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field
          label={t('auth.password.label')}
          help={t('auth.password.help', { count: passwordLengthMin })}
          error={
            isTouched && isShort
              ? t('auth.password.short', { count: passwordLengthMin })
              : field === 'password'
                ? errorText(error, t)
                : ''
          }
        >
          <SecretInput
            value={password}
            name="password"
            autoComplete="new-password"
            onBlur={() => setTouched(password !== '')}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        {error !== null && field !== 'name' && field !== 'password' && (
          <p role="alert" className="text-12 text-bad">
            {errorText(error, t)}
          </p>
        )}
        <Button look="ink" height="primary" type="submit" isPending={isPending}>
          {t('auth.setup.action')}
        </Button>
      </form>
    </Card>
  );
}
