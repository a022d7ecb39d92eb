import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { usePreferences } from '~/lib/preferences';
import { api } from './client';
import { applyPerson, savePerson } from './person';
import { meQuery } from './queries';
import type { Me } from './types';

const me = { theme: 'system', start_page: '', letter_keys: true, shortcuts: [] } as unknown as Me;
let client: QueryClient;
let requests: Request[];
let answer: (request: Request) => Promise<Response>;

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' },
  });
const known = () => client.getQueryData(meQuery.queryKey);

beforeEach(() => {
  client = new QueryClient();
  client.setQueryData(meQuery.queryKey, me);
  requests = [];
  vi.stubGlobal('fetch', (request: Request) => {
    requests.push(request.clone());
    return answer(request);
  });
});

describe('what is saved with a person', () => {
  it('is in force at once, and sent also when the page is left', async () => {
    answer = async () => json(200, { ...me, start_page: 'library', letter_keys: false });
    const patch = vi.spyOn(api, 'PATCH');
    const saved = savePerson(client, { start_page: 'library' });
    expect(known()?.start_page).toBe('library');
    await saved;
    expect(patch.mock.lastCall?.[1]).toMatchObject({ keepalive: true });
    expect(known()?.letter_keys).toBe(false);
  });

  it('waits for no other, and an older answer undoes nothing newer', async () => {
    const answers: (() => void)[] = [];
    answer = async (request) => {
      const change = (await request.json()) as object;
      await new Promise<void>((resolve) => answers.push(resolve));
      return json(200, { ...me, ...change });
    };
    const asked = vi.spyOn(client, 'invalidateQueries');
    const first = savePerson(client, { start_page: 'library' });
    const second = savePerson(client, { start_page: 'queue' });
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[0]?.();
    await first;
    expect(known()?.start_page).toBe('queue');
    expect(asked).not.toHaveBeenCalled();
    answers[1]?.();
    await second;
    expect(known()?.start_page).toBe('queue');
    expect(asked).toHaveBeenCalledTimes(1); // which one came last is the server's to say
  });

  it('goes back when it was refused, and nothing else does', async () => {
    answer = async () => json(422, { code: 'invalid', field: 'start_page', detail: 'no' });
    const saved = savePerson(client, { start_page: 'library' });
    client.setQueryData(meQuery.queryKey, (now) => now && { ...now, letter_keys: false });
    await expect(saved).rejects.toThrow();
    expect(known()).toMatchObject({ start_page: '', letter_keys: false });
  });
});

describe('what follows a person', () => {
  it('has its theme where the browser has none, and never against its choice', () => {
    const { getState } = usePreferences;
    getState().set({ theme: 'system' });
    applyPerson({ ...me, theme: 'dark' });
    expect(getState().theme).toBe('dark');
    applyPerson({ ...me, theme: 'light' });
    expect(getState().theme).toBe('dark');
    getState().set({ theme: 'system' });
  });
});
