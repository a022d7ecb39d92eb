import type { QueryClient } from '@tanstack/react-query';
import { usePreferences } from '~/lib/preferences';
import { readShortcuts } from '~/lib/shortcuts';
import { api, data } from './client';
import { meQuery } from './queries';
import type { Me, MeChange } from './types';

/** What follows a person to every browser is taken over by this one. */
export function applyPerson(me: Me) {
  usePreferences.getState().set({
    areLetterKeysOn: me.letter_keys,
    shortcuts: readShortcuts(me.shortcuts),
  });
}

/** Saves it with the person; what could not be saved does not stay here either. */
export async function savePerson(client: QueryClient, change: MeChange): Promise<void> {
  try {
    client.setQueryData(meQuery.queryKey, await data(api.PATCH('/api/v1/me', { body: change })));
  } catch (error) {
    const me = client.getQueryData(meQuery.queryKey);
    if (me) applyPerson(me);
    throw error;
  }
}
