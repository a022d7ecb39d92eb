import { useQuery, useQueryClient } from '@tanstack/react-query';
import { LaptopMinimal, LogOut } from 'lucide-react';
import { useState } from 'react';
import { api, data, done } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import { meQuery } from '~/api/queries';
import { useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Field, SecretInput } from '~/ui/field';
import { useTitle } from '~/ui/page';
import { Badge, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { agentName } from './model';
import { sessionsQuery } from './queries';
import { Card, Section } from './section';

export function ProfilePage() {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  useTitle(t('settings.nav.profile'));
  return (
    <>
      <div>
        <h2 className="text-16 font-semibold">{me?.name}</h2>
        <p className="text-13 text-fg-2">{me && t(`common.role.${me.role}`)}</p>
      </div>
      <Section
        at="password"
        title={t('settings.password.title')}
        text={t('settings.password.text')}
      >
        <Password />
      </Section>
      <Sessions />
    </>
  );
}

function Password() {
  const t = useT();
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const isWrong =
    error instanceof ApiError && (error.code === 'wrong_login' || error.field === 'current');
  const submit = async () => {
    setPending(true);
    setError(null);
    try {
      await done(api.POST('/api/v1/me/password', { body: { current, password: next } }));
      setCurrent('');
      setNext('');
      showToast(t('settings.password.done'), { tone: 'ok' });
      await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  };
  return (
    <Card>
      <form
        className="grid gap-4 md:grid-cols-2"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label={t('settings.password.current')}
          error={isWrong ? t('settings.password.wrong') : ''}
        >
          <SecretInput
            value={current}
            autoComplete="current-password"
            required
            onChange={(event) => setCurrent(event.target.value)}
          />
        </Field>
        <Field
          label={t('settings.password.next')}
          error={error !== null && !isWrong ? errorText(error, t) : ''}
        >
          <SecretInput
            value={next}
            autoComplete="new-password"
            required
            onChange={(event) => setNext(event.target.value)}
          />
        </Field>
        <div className="md:col-span-2">
          <Button
            type="submit"
            isPending={isPending}
            whyNot={current && next ? '' : t('settings.password.fill')}
          >
            {t('settings.password.action')}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Sessions() {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const refresh = () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  const fail = (error: unknown) => showToast(errorText(error, t), { tone: 'bad' });
  const others = sessions.data?.filter((session) => !session.is_current).length ?? 0;
  return (
    <Section
      at="sessions"
      title={t('settings.sessions.title')}
      text={t('settings.sessions.text')}
      aside={
        others > 0 && (
          <Button
            icon={LogOut}
            onClick={() =>
              void data(api.POST('/api/v1/me/sessions/revoke-others')).then(({ count }) => {
                showToast(t('settings.sessions.ended', { count }), { tone: 'ok' });
                return refresh();
              }, fail)
            }
          >
            {t('settings.sessions.others')}
          </Button>
        )
      }
    >
      {sessions.isPending && <Skeleton className="h-28 !rounded-8" />}
      {sessions.error && (
        <ErrorState error={sessions.error} onRetry={() => void refresh()} isCompact />
      )}
      {sessions.data && (
        <ul className="overflow-hidden rounded-8 bg-surface shadow-1 outline outline-line">
          {sessions.data.map((session) => (
            <li
              key={session.id}
              className="flex items-center gap-3 border-line border-b px-4 py-2.5 last:border-b-0"
            >
              <LaptopMinimal
                size={18}
                strokeWidth={1.75}
                className="shrink-0 text-fg-3"
                aria-hidden
              />
              <div className="min-w-0 flex-1">
                <p className="flex items-center gap-2 text-13 font-medium" title={session.agent}>
                  <span className="truncate">{agentName(session.agent)}</span>
                  {session.is_current && <Badge tone="ok">{t('settings.sessions.this')}</Badge>}
                </p>
                <p className="truncate text-12 text-fg-3 tabular-nums">
                  {[
                    session.ip,
                    t('settings.sessions.seen', { time: format.relative(session.last_seen_at) }),
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </p>
              </div>
              {!session.is_current && (
                <Button
                  look="ghost"
                  height="dense"
                  onClick={() =>
                    void done(
                      api.DELETE('/api/v1/me/sessions/{id}', {
                        params: { path: { id: session.id } },
                      }),
                    ).then(refresh, fail)
                  }
                >
                  {t('settings.sessions.end')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
