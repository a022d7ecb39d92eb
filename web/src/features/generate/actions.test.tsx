import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Run, RunRequest } from '~/api/types';
import { useStart } from './actions';

const sent: { key: string | null; body: string }[] = [];
let answers: (() => Response)[] = [];
const run = { id: 'R1', state: 'active', tasks: [], task_count: 0, failed: 0 } as unknown as Run;

beforeEach(() => {
  sent.length = 0;
  answers = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push({ key: request.headers.get('Idempotency-Key'), body: await request.text() });
    const answer = answers.shift();
    if (!answer) throw new TypeError('network');
    return answer();
  });
});

function setUp() {
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={client}>{children}</QueryClientProvider>
  );
  const { result } = renderHook(() => useStart(), { wrapper });
  let seed = 0;
  const click = async (wish: string) => {
    seed++;
    const request: RunRequest = {
      nodes: [{ key: 'p1', operation: 'image.generate', parameters: { prompt: wish, seed } }],
    };
    const before = sent.length;
    act(() => result.current.mutate({ wish, request }));
    await waitFor(() => expect(sent.length).toBe(before + 1));
    await waitFor(() => expect(result.current.isPending).toBe(false));
  };
  return { click, client };
}

const made = () => new Response(JSON.stringify(run), { status: 201 });
const refused = () => new Response(JSON.stringify({ code: 'queue_full' }), { status: 429 });

describe('starting a run', () => {
  it('sends a click without an answer again as it was: same key, same bytes', async () => {
    const { click } = setUp();
    await click('mug'); // the line breaks
    answers = [made, made];
    await click('mug');
    expect(sent[1]).toEqual(sent[0]);
    await click('mug');
    expect(sent[2]?.key).not.toBe(sent[1]?.key);
    expect(sent[2]?.body).not.toBe(sent[1]?.body);
  });

  it('is another click once the wish changed, or the server refused', async () => {
    const { click } = setUp();
    await click('mug');
    await click('lamp');
    expect(sent[1]?.key).not.toBe(sent[0]?.key);
    answers = [refused, made];
    await click('vase');
    await click('vase');
    expect(sent[3]?.key).not.toBe(sent[2]?.key);
  });

  it('puts the run into the cache at once', async () => {
    const { click, client } = setUp();
    answers = [made];
    await click('mug');
    expect(client.getQueryData(['run', 'R1'])).toMatchObject({ id: 'R1' });
  });
});
