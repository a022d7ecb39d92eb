import { useQueryClient } from '@tanstack/react-query';
import { create } from 'zustand';
import { errorText } from '~/api/errors';
import { moveRun, type Place } from '~/api/queue';
import type { Run } from '~/api/types';
import { useT } from '~/lib/i18n';
import { isMovable, moveIn, orderRuns } from '~/lib/run-order';
import { announce } from '~/ui/announce';
import { showToast } from '~/ui/toast';
import { takeRun } from './stale';

/** One order for the page and the column: what somebody wished and the server has not said yet. */
const useWish = create<{ order: string[]; turn: number }>(() => ({ order: [], turn: 0 }));

/** My active runs as they are worked off, and how their order is changed: seen at once. */
export function useRunOrder(active: readonly Run[]) {
  const t = useT();
  const client = useQueryClient();
  const wish = useWish((state) => state.order);
  const runs = orderRuns(active, wish);
  const movable = runs.filter(isMovable).map((run) => run.id);
  const tell = (id: string, order: string[], place: Place) => {
    const turn = useWish.getState().turn + 1;
    useWish.setState({ order, turn });
    announce(t('common.order.moved', { place: order.indexOf(id) + 1, of: order.length }));
    moveRun(id, place)
      .then(
        async (run) => {
          takeRun(client, run);
          await client.invalidateQueries({ queryKey: ['runs'] });
        },
        (error) => showToast(errorText(error, t), { tone: 'bad' }),
      )
      // The newest wish stands until its own answer.
      .finally(() => useWish.getState().turn === turn && useWish.setState({ order: [] }));
  };
  return {
    runs,
    movable,
    moveTo: (id: string, index: number) => {
      const move = moveIn(movable, movable.indexOf(id), index);
      if (move) tell(id, move.order, move.place);
    },
    toFront: (id: string) =>
      tell(id, [id, ...movable.filter((one) => one !== id)], { to: 'front' }),
    toBack: (id: string) => tell(id, [...movable.filter((one) => one !== id), id], { to: 'back' }),
  };
}

export type RunOrder = ReturnType<typeof useRunOrder>;
