import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import { meQuery, setupQuery } from '~/api/queries';
import { useT } from '~/lib/i18n';
import { useNow } from '~/lib/use-now';
import { Button } from '~/ui/button';
import { Field, SecretInput, TextInput } from '~/ui/field';
import { useTitle } from '~/ui/page';
import { Card } from './card';

const route = getRouteApi('/login');

/** Only an address of ours: a link must not lead a fresh session elsewhere. */
function safeNext(next: string | undefined): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') ? next : '/';
}

export function LoginPage() {
  const t = useT();
  const navigate = useNavigate();
  const router = useRouter();
  const client = useQueryClient();
  const { next } = route.useSearch();
  const { data: setup } = useQuery(setupQuery);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [blockedUntil, setBlockedUntil] = useState(0);
  const [isPending, setPending] = useState(false);
  const now = useNow(blockedUntil > 0);
  const wait = Math.ceil((blockedUntil - now) / 1000);
  useTitle(t('auth.login.title'));
  useEffect(() => {
    if (blockedUntil > 0 && now >= blockedUntil) {
      setBlockedUntil(0);
      setError(null);
    }
  }, [now, blockedUntil]);

  const submit = async () => {
    setPending(true);
    setError(null);
    try {
      const me = await data(api.POST('/api/v1/auth/login', { body: { name, password } }));
      client.clear();
      client.setQueryData(meQuery.queryKey, me);
      await router.invalidate();
      await navigate({ to: safeNext(next), replace: true });
    } catch (problem) {
      setError(problem);
      if (problem instanceof ApiError && problem.retryAfterMs > 0) {
        setBlockedUntil(Date.now() + problem.retryAfterMs);
      }
    } finally {
      setPending(false);
    }
  };

  if (setup?.is_needed) {
    return (
      <Card title={t('auth.setupNeeded.title')} text={t('auth.setupNeeded.text')}>
        <code className="block rounded-8 bg-surface-2 p-3 font-mono text-12 break-all text-fg-2">
          {/* bare: an address */}
          {`${location.origin}/setup/…`}
        </code>
        <p className="mt-3 text-12 text-fg-3">{t('auth.setupNeeded.help')}</p>
      </Card>
    );
  }

  const message = error
    ? blockedUntil > now
      ? t('auth.login.blocked', { count: Math.max(1, wait) })
      : errorText(error, t)
    : '';
  return (
    <Card title={t('auth.login.title')}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (blockedUntil <= now) void submit();
        }}
      >
        <Field label={t('auth.name.label')}>
          <TextInput
            value={name}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            required
            autoFocus
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={t('auth.password.label')} error={message}>
          <SecretInput
            value={password}
            name="password"
            autoComplete="current-password"
            required
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <Button
          look="ink"
          height="primary"
          type="submit"
          isPending={isPending}
          whyNot={blockedUntil > now ? t('auth.login.blocked', { count: Math.max(1, wait) }) : ''}
        >
          {t('auth.login.action')}
        </Button>
      </form>
    </Card>
  );
}
