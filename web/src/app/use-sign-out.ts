import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, done } from '~/api/client';
import { errorText } from '~/api/errors';
import { useT } from '~/lib/i18n';
import { showToast } from '~/ui/toast';

/** Ends the session; what was read under it is forgotten. */
export function useSignOut() {
  const t = useT();
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    try {
      await done(api.POST('/api/v1/auth/logout'));
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
      return;
    }
    client.clear();
    await navigate({ to: '/login', replace: true });
  };
}
