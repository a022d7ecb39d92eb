import { useT } from '~/lib/i18n';
import { useConnection } from './connection';

/** Why nothing that costs money can be started now; empty: it can. */
export function usePaidWait(): string {
  const t = useT();
  const isLost = useConnection(({ state }) => state === 'lost');
  return isLost ? t('common.offline.paid') : '';
}
