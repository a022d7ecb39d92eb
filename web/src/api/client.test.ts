import { beforeEach, describe, expect, it, vi } from 'vitest';
import { api, data, done } from './client';
import { ApiError, errorText } from './errors';
import { onLoginWanted, settleLogin } from './session';

const requests: {
  method: string;
  path: string;
  key: string | null;
  header: string | null;
  body: string;
}[] = [];
let answers: (() => Response)[] = [];

function json(status: number, body: unknown) {
  return () =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'Content-Type': 'application/json' },
    });
}

beforeEach(() => {
  requests.length = 0;
  answers = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    requests.push({
      method: request.method,
      path: new URL(request.url).pathname,
      key: request.headers.get('Idempotency-Key'),
      header: request.headers.get('X-Vitrine'),
      body: request.method === 'GET' ? '' : await request.text(),
    });
    const answer = answers.shift();
    if (!answer) throw new TypeError('network');
    return answer();
  });
});

const setup = () => data(api.GET('/api/v1/setup'));
const star = () =>
  data(
    api.PATCH('/api/v1/assets/{id}', {
      params: { path: { id: 'A1' } },
      body: { is_starred: true },
    }),
  );

describe('the client', () => {
  it('gives the body of a good answer', async () => {
    answers = [json(200, { is_needed: true })];
    await expect(setup()).resolves.toEqual({ is_needed: true });
    expect(requests[0]).toMatchObject({ path: '/api/v1/setup', header: '1', key: null });
  });

  it('turns a problem into an error with its code, field and limit', async () => {
    answers = [
      json(422, { code: 'too_long', field: 'name', limit: 20, detail: 'x', trace_id: 'tr_1' }),
    ];
    const error = await star().catch((problem) => problem);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, code: 'too_long', field: 'name', traceId: 'tr_1' });
    const t = vi.fn((key: string) => key);
    errorText(error, t as never);
    expect(t).toHaveBeenCalledWith('errors.internal'); // the texts are not loaded here
  });

  it('survives an answer that is no JSON, and no answer at all', async () => {
    answers = [() => new Response('<html>', { status: 502 })];
    await expect(setup()).rejects.toMatchObject({ status: 502, code: 'internal' });
    await expect(setup()).rejects.toMatchObject({ status: 0, code: 'no_connection' });
  });

  it('gives each write a key of its own, unless it was given one', async () => {
    answers = [json(200, {}), json(200, {}), json(200, {})];
    await done(api.POST('/api/v1/queue/resume'));
    await done(api.POST('/api/v1/queue/resume'));
    await done(api.POST('/api/v1/queue/resume', { headers: { 'Idempotency-Key': 'mine' } }));
    expect(requests[0]?.key).toMatch(/^[0-9a-f]{32}$/);
    expect(requests[1]?.key).not.toBe(requests[0]?.key);
    expect(requests[2]?.key).toBe('mine');
  });
});

describe('a session that ended', () => {
  const ended = json(401, { code: 'unauthenticated' });

  it('opens the login over the page and sends the same request again', async () => {
    const wanted = vi.fn();
    const leave = onLoginWanted(wanted);
    answers = [ended, ended, json(200, { id: 'A1' }), json(200, { id: 'A1' })];
    const both = Promise.all([star(), star()]);
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    expect(wanted).toHaveBeenCalledExactlyOnceWith(true);
    settleLogin(true);
    await both;
    expect(requests).toHaveLength(4);
    expect(requests[2]).toEqual(requests[0]);
    leave();
  });

  it('fails when the person gives up', async () => {
    const leave = onLoginWanted(() => {});
    answers = [ended];
    const one = star().catch((error) => error);
    await vi.waitFor(() => expect(requests).toHaveLength(1));
    settleLogin(false);
    expect(await one).toMatchObject({ status: 401 });
    leave();
  });

  it('is the answer itself where nobody can ask, or a password was wrong', async () => {
    answers = [ended, json(401, { code: 'wrong_login' })];
    await expect(star()).rejects.toMatchObject({ code: 'unauthenticated' });
    const wanted = vi.fn();
    const leave = onLoginWanted(wanted);
    await expect(
      done(api.POST('/api/v1/auth/login', { body: { name: 'a', password: 'b' } })),
    ).rejects.toMatchObject({ code: 'wrong_login' });
    expect(wanted).not.toHaveBeenCalled();
    leave();
  });
});
