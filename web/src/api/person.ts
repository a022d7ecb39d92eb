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

let sent = 0; // changes so far
let open = 0; // those without an answer
let wereTogether = false;

/**
 * Saves it with the person, also when the page is left at once: it is in force and on its way before the server has
 * answered, and what could not be saved does not stay. Of two at the same time nobody knows which came last, so the
 * server is asked.
 */
export async function savePerson(client: QueryClient, change: MeChange): Promise<void> {
  const { queryKey } = meQuery;
  const own = ++sent;
  const before = client.getQueryData(queryKey);
  if (before) client.setQueryData(queryKey, { ...before, ...change });
  wereTogether ||= open > 0;
  open++;
  try {
    const me = await data(api.PATCH('/api/v1/me', { body: change, keepalive: true }));
    if (own === sent) client.setQueryData(queryKey, me); // else a newer change is in force
  } catch (error) {
    const me = client.getQueryData(queryKey);
    if (me && before) {
      const names = Object.keys(change) as (keyof MeChange)[];
      const undone = { ...me, ...Object.fromEntries(names.map((name) => [name, before[name]])) };
      client.setQueryData(queryKey, undone);
      applyPerson(undone);
    }
    throw error;
  } finally {
    open--;
    if (open === 0 && wereTogether) {
      wereTogether = false;
      void client.invalidateQueries({ queryKey });
    }
  }
}

/** In this browser in any case. */
export function saveTheme(client: QueryClient, theme: Theme): Promise<void> {
  usePreferences.getState().set({ theme });
  return savePerson(client, { theme });
}
