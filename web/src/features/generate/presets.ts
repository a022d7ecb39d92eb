import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { api, data, done } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import type { Model, Operation, Preset, PresetChange, PresetInput } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { showToast } from '~/ui/toast';
import { useDraft } from './draft';
import { chooseModel, operationName } from './model';
import { applyPreset, isUntouched } from './preset-model';

export const presetsQuery = queryOptions({
  queryKey: ['presets'],
  queryFn: async ({ signal }) =>
    (await data(api.GET('/api/v1/presets', { signal }))).items.filter(
      (one) => one.operation === operationName,
    ),
});

/** Puts a preset into the form; one line says what of it could not be. */
export function useApplyPreset(models: readonly Model[], operation: Operation | undefined) {
  const t = useT();
  const { language } = useFormat();
  return useCallback(
    (preset: Preset) => {
      const { draft: before, replace, keepPrompt } = useDraft.getState();
      const current = chooseModel(models, before.modelId);
      const applied = applyPreset(before, preset, models, current, operation);
      const name = applied.model?.label || applied.model?.name || '';
      const labels = applied.dropped.map((one) => {
        if (one === 'size') return t('generate.size.label');
        if (one === 'references') return t('generate.references.label');
        const row = operation?.parameters.find((parameter) => parameter.name === one);
        return (row && pickLanguage(row.label_en, row.label_zh, language)) || one;
      });
      const lines = [
        applied.lostModel &&
          t('generate.presets.lostModel', { model: applied.lostModel, instead: name }),
        labels.length > 0 &&
          t('generate.more.missing', {
            model: name,
            names: new Intl.ListFormat(language).format(labels),
          }),
      ].filter(Boolean);
      if (before.prompt.trim() !== applied.draft.prompt) keepPrompt();
      replace(applied.draft);
      showToast(t('generate.presets.applied', { name: preset.name }), {
        text: lines.join(' '),
        undo: () => useDraft.getState().replace(before),
      });
    },
    [models, operation, t, language],
  );
}

let hasBegun = false;

/** A page that opens empty begins with the person's default preset, once per load. */
export function useDefaultPreset(
  models: readonly Model[],
  operation: Operation | undefined,
  isOrdered: boolean,
) {
  const { data: presets } = useQuery(presetsQuery);
  const apply = useApplyPreset(models, operation);
  useEffect(() => {
    if (hasBegun) return;
    if (isOrdered || !isUntouched(useDraft.getState().draft)) hasBegun = true;
    else if (presets && models.length > 0 && operation) {
      hasBegun = true;
      const first = presets.find((one) => one.is_default);
      if (first) apply(first);
    }
  }, [presets, models, operation, isOrdered, apply]);
}

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
