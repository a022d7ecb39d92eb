import { useQuery } from '@tanstack/react-query';
import { ShieldAlert } from 'lucide-react';
import { meQuery } from '~/api/queries';
import type { Me } from '~/api/types';
import { useT } from '~/lib/i18n';
import { keepsHouse } from '~/lib/roles';
import { LinkButton } from '~/ui/link';
import { EmptyState } from '~/ui/states';
import type { lazyRouteComponent } from './lazy-route';

type LazyPage = ReturnType<typeof lazyRouteComponent>;

/** A page for admins and the owner: others are told so, and nothing of it is asked of the server. */
export function forAdmins(page: LazyPage): LazyPage {
  return Object.assign(() => <Gate page={page} />, { preload: page.preload });
}

function Gate({ page: Page }: { page: LazyPage }) {
  const { data: me } = useQuery(meQuery);
  if (!me) return null;
  return keepsHouse(me) ? <Page /> : <Forbidden me={me} />;
}

function Forbidden({ me }: { me: Me }) {
  const t = useT();
  return (
    <EmptyState
      icon={ShieldAlert}
      title={t('common.forbidden.title')}
      text={t('common.forbidden.text', { name: me.name, role: t(`common.role.${me.role}`) })}
    >
      <LinkButton to="/generate" look="ink">
        {t('common.notFound.back')}
      </LinkButton>
      <LinkButton to="/settings/profile">{t('common.forbidden.profile')}</LinkButton>
    </EmptyState>
  );
}
