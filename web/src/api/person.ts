import type { QueryClient } from '@tanstack/react-query';
import { type Theme, usePreferences } from '~/lib/preferences';
import { readShortcuts } from '~/lib/shortcuts';
import { api, data } from './client';
import { meQuery } from './queries';
import type { Me, MeChange } from './types';

/** What follows a person to every browser is taken over by this one; the theme where it has none of its own. */
export function applyPerson(me: Me) {
  const { theme, set } = usePreferences.getState();
  set({
    ...(theme === 'system' && { theme: me.theme }),
    areLetterKeysOn: me.letter_keys,
    shortcuts: readShortcuts(me.shortcuts),
  });
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Saves it with the person, one after the other, also when the page is left at once. It is in force before the
 * server has answered; what could not be saved does not stay.
 */
export async function savePerson(client: QueryClient, change: MeChange): Promise<void> {
  const { queryKey } = meQuery;
  const before = client.getQueryData(queryKey);
  if (before) client.setQueryData(queryKey, { ...before, ...change });
  const saved = last.then(() => data(api.PATCH('/api/v1/me', { body: change, keepalive: true })));
  const settled = saved.catch(() => {});
  last = settled;
  try {
    const me = await saved;
    if (last === settled) client.setQueryData(queryKey, me); // else a newer change is in force
  } catch (error) {
    const me = client.getQueryData(queryKey);
    if (me && before) {
      const names = Object.keys(change) as (keyof MeChange)[];
      const undone = { ...me, ...Object.fromEntries(names.map((name) => [name, before[name]])) };
      client.setQueryData(queryKey, undone);
      applyPerson(undone);
    }
    throw error;
  }
}

export function saveTheme(client: QueryClient, theme: Theme): Promise<void> {
  usePreferences.getState().set({ theme });
  return savePerson(client, { theme });
}
