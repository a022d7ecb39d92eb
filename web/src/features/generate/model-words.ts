import { useQuery } from '@tanstack/react-query';
import { queueQuery } from '~/api/queries';
import type { Model } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { useNow } from '~/lib/use-now';
import { isResting, laneState } from './model';

/** What a model costs and how its account does, as the field and its list say it. */
export function useModelWords() {
  const t = useT();
  const format = useFormat();
  const { data: queue } = useQuery(queueQuery);
  const lanes = queue?.providers ?? [];
  // A rest ends without a word from anybody.
  useNow(lanes.some((lane) => isResting(lane, Date.now())));
  return {
    price: (one: Model) =>
      one.price_micro < 0
        ? t('generate.price.unknown')
        : one.price_micro === 0
          ? t('generate.price.free')
          : t('generate.model.price', { price: format.money(one.price_micro, one.currency) }),
    health: (one: Model) => {
      const state = laneState(
        lanes.find((lane) => lane.id === one.provider_id),
        Date.now(),
      );
      return state && t(`generate.model.lane.${state.name}`, { count: state.count });
    },
  };
}
