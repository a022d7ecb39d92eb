import { queryOptions, useQuery } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { api, data } from '~/api/client';
import type { Model, Operation, Preset } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { optionPrefix } from '~/lib/parameters';
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
        const row =
          operation?.parameters.find((parameter) => parameter.name === one) ??
          models.flatMap(({ options }) => options).find(({ name }) => optionPrefix + name === one);
        const label = row && pickLanguage(row.label_en, row.label_zh, language);
        return label || one.replace(optionPrefix, '');
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
