import { useQuery } from '@tanstack/react-query';
import { queueQuery } from '~/api/queries';
import type { Model } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { useNow } from '~/lib/use-now';
import { Field } from '~/ui/field';
import { Select } from '~/ui/select';
import { canUse, groupByProvider, isResting, laneState } from './model';

/** The model, with its house, its price, what it can do, and how its account does. */
export function ModelPicker({
  models,
  model,
  hasReferences,
  onChange,
}: {
  models: Model[];
  model: Model | undefined;
  hasReferences: boolean;
  onChange: (id: string) => void;
}) {
  const t = useT();
  const format = useFormat();
  const price = (one: Model) =>
    one.price_micro < 0
      ? t('generate.price.unknown')
      : one.price_micro === 0
        ? t('generate.price.free')
        : t('generate.model.price', { price: format.money(one.price_micro, one.currency) });
  const abilities = (one: Model) =>
    [
      one.references_max > 0 && t('generate.model.references', { count: one.references_max }),
      one.can_mask && t('generate.model.mask'),
      one.has_transparency && t('generate.model.transparency'),
      one.has_stream && t('generate.model.stream'),
    ].filter((word) => word !== false);
  const { data: queue } = useQuery(queueQuery);
  const lanes = queue?.providers ?? [];
  // A rest ends without a word from anybody.
  useNow(lanes.some((lane) => isResting(lane, Date.now())));
  const health = (one: Model) => {
    const state = laneState(
      lanes.find((lane) => lane.id === one.provider_id),
      Date.now(),
    );
    return state && t(`generate.model.lane.${state.name}`, { count: state.count });
  };
  const isMany = new Set(models.map((one) => one.provider_id)).size > 1;
  return (
    <Field
      label={t('generate.model.label')}
      isCustom
      help={model && [model.provider_name, price(model), health(model)].filter(Boolean).join(' · ')}
    >
      <Select
        value={model?.id ?? null}
        onChange={onChange}
        placeholder={t('generate.model.loading')}
        options={groupByProvider(models).map((one) => ({
          ...(isMany ? { group: one.provider_name } : {}),
          value: one.id,
          label: one.label || one.name,
          detail: (
            <>
              <span className="block">
                {[!isMany && one.provider_name, price(one), health(one)]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
              {abilities(one).length > 0 && (
                <span className="block">{abilities(one).join(' · ')}</span>
              )}
            </>
          ),
          ...(hasReferences && !canUse(one, 1) ? { whyNot: t('generate.model.noReferences') } : {}),
        }))}
      />
    </Field>
  );
}
