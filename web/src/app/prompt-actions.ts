import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, data, done } from '~/api/client';
import { errorText } from '~/api/errors';
import type { Prompt } from '~/api/types';
import { useDraft } from '~/features/generate/draft';
import { copyText } from '~/lib/clipboard';
import { useT } from '~/lib/i18n';
import { forgetAllPrompts, forgetPrompts } from '~/lib/kept-prompts';
import { showToast } from '~/ui/toast';

/** What is done to prompts that were used. */
export function usePromptActions() {
  const t = useT();
  const client = useQueryClient();
  const navigate = useNavigate();
  const refresh = () => client.invalidateQueries({ queryKey: ['prompts'] });
  const fail = (error: unknown) => {
    showToast(errorText(error, t), { tone: 'bad' });
    void refresh();
  };
  return {
    /** Into the form of Generate; what stood there is kept. */
    use: ({ text }: Prompt) => {
      const { draft, change, keepPrompt } = useDraft.getState();
      const before = draft.prompt;
      if (before.trim() !== text) keepPrompt();
      change({ prompt: text });
      void navigate({ to: '/generate' });
      showToast(t('generate.recalled.prompt'), {
        undo: () => useDraft.getState().change({ prompt: before }),
      });
    },
    copy: ({ text }: Prompt) =>
      void copyText(text).then((isDone) => isDone && showToast(t('common.copied'))),
    /** `then` once the list is without it */
    remove: ({ id, text }: Prompt, then: () => void) => {
      const restore = () =>
        void data(api.POST('/api/v1/prompts/{id}/restore', { params: { path: { id } } })).then(
          refresh,
          fail,
        );
      done(api.DELETE('/api/v1/prompts/{id}', { params: { path: { id } } })).then(() => {
        forgetPrompts([text]);
        void refresh().then(then);
        showToast(t('generate.prompts.removed'), { text, undo: restore });
      }, fail);
    },
    /** Rejects when it could not be done. */
    clear: async () => {
      await done(api.DELETE('/api/v1/prompts'));
      forgetAllPrompts();
      await refresh();
      showToast(t('generate.prompts.cleared'), { tone: 'ok' });
    },
  };
}

export type PromptActions = ReturnType<typeof usePromptActions>;
