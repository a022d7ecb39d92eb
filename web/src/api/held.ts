import { api, data } from './client';
import { isStatus } from './errors';
import type { Task } from './types';

export type Answer = 'repeat' | 'give_up' | 'look_up';

/**
 * A person's answer to a held task. Where the account was the trouble the provider stands still, so
 * that going on means to set it going; the server then frees all that waited for it.
 */
export async function answerHeld(task: Task, answer: Answer): Promise<Task> {
  const path = { params: { path: { id: task.id } } };
  const isAccount = task.hold_reason === 'auth' || task.hold_reason === 'quota';
  if (answer === 'repeat' && isAccount && task.provider_id) {
    const provider = { params: { path: { id: task.provider_id } } };
    try {
      await data(api.POST('/api/v1/providers/{id}/resume', provider));
      return await data(api.GET('/api/v1/tasks/{id}', path));
    } catch (error) {
      // Who may not resume it answers for the task alone: it waits until somebody may.
      if (!isStatus(error, 403)) throw error;
    }
  }
  return data(api.POST('/api/v1/tasks/{id}/resolve', { ...path, body: { answer } }));
}
