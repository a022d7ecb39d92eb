import { useQuery } from '@tanstack/react-query';
import { use } from 'react';
import { queueQuery } from '~/api/queries';
import type { Model } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { isResting } from '~/lib/resting';
import { useNow } from '~/lib/use-now';
import { laneState } from './model';
import { UnitPriceContext } from './unit-price';

/** What a model costs and how its account does, as the field and its list say it. */
export function useModelWords() {
  const t = useT();
  const format = useFormat();
  const { data: queue } = useQuery(queueQuery);
  const lanes = queue?.providers ?? [];
  // A rest ends without a word from anybody.
  useNow(lanes.some((lane) => lane.models.some((one) => isResting(one, Date.now()))));
  const unit = use(UnitPriceContext);
  return {
    /** as the form stands; of the others what their usual size and quality cost */
    price: (one: Model) => {
      const isExact = unit?.model === one.id;
      const micro = isExact ? unit.micro : one.price_micro;
      if (micro < 0) return t('generate.price.unknown');
      if (micro === 0) return t('generate.price.free');
      const price = format.money(micro, isExact ? unit.currency : one.currency);
      return t(isExact ? 'generate.model.price' : 'generate.model.priceAbout', { price });
    },
    health: (one: Model) => {
      const state = laneState(
        lanes.find((lane) => lane.id === one.provider_id),
        one,
        Date.now(),
      );
      return state && t(`generate.model.lane.${state.name}`, { count: state.count });
    },
  };
}
