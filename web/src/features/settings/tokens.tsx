import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { api, done } from '~/api/client';
import { errorText } from '~/api/errors';
import type { Token } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { Button } from '~/ui/button';
import { ConfirmDialog } from '~/ui/lazy';
import { useTitle } from '~/ui/page';
import { Badge, EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { tokensQuery } from './queries';
import { Section } from './section';

const AddToken = late(() => import('./add-token').then((file) => file.AddToken));

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
      at="tokens"
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
