import { useQueryClient } from '@tanstack/react-query';
import { api, data, done } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import type { Preset, PresetChange, PresetInput } from '~/api/types';
import { useT } from '~/lib/i18n';
import { showToast } from '~/ui/toast';
import { presetsQuery } from './presets';

/** What is done to presets; what another tab changed meanwhile is told and read again. */
export function usePresetActions() {
  const t = useT();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: presetsQuery.queryKey });
  const fail = (error: unknown) => {
    showToast(errorText(error, t), { tone: 'bad' });
    if (error instanceof ApiError && error.status !== 0) void refresh();
  };
  const create = async (input: PresetInput) => {
    await data(api.POST('/api/v1/presets', { body: input }));
    await refresh();
  };
  const change = async (preset: Preset, body: PresetChange) => {
    const isShown = Object.keys(body).some((name) => name !== 'is_default');
    await data(
      api.PATCH('/api/v1/presets/{id}', {
        params: { path: { id: preset.id } },
        body,
        ...(isShown ? { headers: { 'If-Match': `"${preset.etag}"` } } : {}),
      }),
    );
    await refresh();
  };
  return {
    create,
    change,
    /** the same for a click: what went wrong is said in a toast */
    put: (preset: Preset, body: PresetChange, said: string) =>
      void change(preset, body).then(() => showToast(said, { tone: 'ok' }), fail),
    remove: (preset: Preset) => {
      const { name, operation, count, parameters, is_shared, is_default } = preset;
      void done(
        api.DELETE('/api/v1/presets/{id}', {
          params: { path: { id: preset.id } },
          headers: { 'If-Match': `"${preset.etag}"` },
        }),
      ).then(() => {
        void refresh();
        showToast(t('generate.presets.removed', { name }), {
          undo: () =>
            void create({ name, operation, count, parameters, is_shared, is_default }).catch(fail),
        });
      }, fail);
    },
  };
}

export type PresetActions = ReturnType<typeof usePresetActions>;
