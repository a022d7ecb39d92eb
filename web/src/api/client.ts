import createClient from 'openapi-fetch';
import { randomId } from '~/lib/id';
import { takeEarly } from './early';
import { ApiError } from './errors';
import type { paths } from './schema';
import { askForLogin } from './session';

/** Requests that answer 401 as their own result, not because a session ended. */
const loginPaths = ['/api/v1/auth/login', '/api/v1/setup', '/api/v1/me/password'];

async function toError(response: Response): Promise<ApiError> {
  try {
    const problem = await response.json();
    return new ApiError(response.status, problem && typeof problem === 'object' ? problem : {});
  } catch {
    return new ApiError(response.status, {});
  }
}

async function send(request: Request): Promise<Response> {
  const again = request.clone();
  let response: Response;
  try {
    response = await (takeEarly(request) ?? fetch(request));
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(0, {});
  }
  if (response.status === 401 && !loginPaths.includes(new URL(request.url).pathname)) {
    const error = await toError(response.clone());
    // The page stays; the login dialog opens over it and the same request goes again.
    if (error.code === 'unauthenticated' && (await askForLogin())) return fetch(again);
  }
  return response;
}

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: send,
  headers: { 'X-Vitrine': '1' },
});

api.use({
  onRequest({ request }) {
    if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) {
      request.headers.set('Idempotency-Key', randomId());
    }
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await toError(response);
    return response;
  },
});

/** The data of an answer; a failed one has thrown ApiError already. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<NonNullable<T>> {
  const { data: body } = await answer;
  if (body === undefined || body === null) throw new ApiError(500, { code: 'internal' });
  return body as NonNullable<T>;
}

/** For answers without a body. */
export async function done(answer: Promise<unknown>): Promise<void> {
  await answer;
}
