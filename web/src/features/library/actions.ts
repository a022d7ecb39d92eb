import { useQueryClient } from '@tanstack/react-query';
import { api, data } from '~/api/client';
import { errorText } from '~/api/errors';
import { saveFile } from '~/api/files';
import type { Asset, AssetDetail, AssetFilter } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { jobChanged, putAsset, removeAsset } from '~/live/stale';
import { showToast } from '~/ui/toast';
import { chunk } from './model';

type Action =
  | 'trash'
  | 'restore'
  | 'delete'
  | 'star'
  | 'unstar'
  | 'rate'
  | 'tag_add'
  | 'tag_remove';

/** What is acted on: pictures that are loaded, or all that match but a few. */
export type Target =
  | { assets: Asset[] }
  | { filter: AssetFilter; count: number; except: readonly string[] };

function matching({ filter, except }: { filter: AssetFilter; except: readonly string[] }) {
  return { all_matching: filter, ...(except.length > 0 ? { except: [...except] } : {}) };
}

const idsMax = 1000;

/** A rating is a number, a tag a text, and the other actions take none. */
function bodyValue(action: Action, value: string): { value?: string | number } {
  if (action === 'rate') return { value: Number(value) };
  return action === 'tag_add' || action === 'tag_remove' ? { value } : {};
}

function after(asset: Asset, action: Action, value: string): Asset {
  switch (action) {
    case 'trash':
      return { ...asset, trashed_at: new Date().toISOString() };
    case 'restore':
      return { ...asset, trashed_at: null };
    case 'star':
    case 'unstar':
      return { ...asset, is_starred: action === 'star' };
    case 'rate':
      return { ...asset, rating: Number(value) };
    case 'tag_add':
      return asset.tags.includes(value) ? asset : { ...asset, tags: [...asset.tags, value] };
    case 'tag_remove':
      return { ...asset, tags: asset.tags.filter((tag) => tag !== value) };
    case 'delete':
      return asset;
  }
}

/** Edits of pictures: seen at once, taken back with a word when the server refuses. */
export function useLibraryActions() {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();

  const apply = async (target: Target, action: Action, value = ''): Promise<boolean> => {
    const known = 'assets' in target ? target.assets : [];
    if (action !== 'delete')
      for (const asset of known) putAsset(client, after(asset, action, value));
    try {
      if ('assets' in target) {
        const ids = known.map((asset) => asset.id);
        for (const part of chunk(ids, idsMax)) {
          await data(
            api.POST('/api/v1/assets/bulk', {
              body: { ids: part, action, ...bodyValue(action, value) },
            }),
          );
        }
        if (action === 'delete') for (const id of ids) removeAsset(client, id);
      } else {
        const job = await data(
          api.POST('/api/v1/asset-jobs', {
            body: { ...matching(target), action, ...bodyValue(action, value) },
          }),
        );
        jobChanged(client, { job });
        return true;
      }
      void client.invalidateQueries({ queryKey: ['asset-days'] });
      if (action.startsWith('tag')) void client.invalidateQueries({ queryKey: ['tags'] });
      return true;
    } catch (error) {
      for (const asset of known) putAsset(client, asset);
      showToast(errorText(error, t), { tone: 'bad' });
      return false;
    }
  };

  const tell = async (id: string, what: 'stop' | 'undo') => {
    const params = { params: { path: { id } } };
    try {
      const job = await data(
        what === 'stop'
          ? api.POST('/api/v1/asset-jobs/{id}/stop', params)
          : api.POST('/api/v1/asset-jobs/{id}/undo', params),
      );
      jobChanged(client, { job });
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
    }
  };

  const size = (target: Target) => ('assets' in target ? target.assets.length : target.count);

  return {
    star: (target: Target, isStarred: boolean) => void apply(target, isStarred ? 'star' : 'unstar'),
    rate: (target: Target, stars: number) => void apply(target, 'rate', String(stars)),
    addTag: (target: Target, tag: string) => apply(target, 'tag_add', tag),
    removeTag: (target: Target, tag: string) => apply(target, 'tag_remove', tag),
    trash: (target: Target) => {
      const before = 'assets' in target ? target.assets : null;
      void apply(target, 'trash').then((isDone) => {
        if (!isDone || !before) return; // a job says itself how far it is
        const title = t('library.trashed', {
          count: size(target),
          value: format.number(size(target)),
        });
        const trashed = before.map((asset) => after(asset, 'trash', ''));
        showToast(title, { undo: () => void apply({ assets: trashed }, 'restore') });
      });
    },
    restore: (target: Target) =>
      void apply(target, 'restore').then((isDone) => {
        if (!isDone || 'filter' in target) return;
        const count = size(target);
        showToast(t('library.restored', { count, value: format.number(count) }), { tone: 'ok' });
      }),
    stopJob: (id: string) => void tell(id, 'stop'),
    undoJob: (id: string) => void tell(id, 'undo'),
    deleteForGood: (target: Target) => apply(target, 'delete'),
    download: async (target: Target) => {
      try {
        const archive = await data(
          api.POST('/api/v1/archives', {
            body:
              'assets' in target
                ? { ids: target.assets.map((asset) => asset.id) }
                : matching(target),
          }),
        );
        saveFile(new URL(archive.url, location.origin).pathname);
      } catch (error) {
        showToast(errorText(error, t), { tone: 'bad' });
      }
    },
    patch: async (asset: AssetDetail, change: { name?: string; tags?: string[] }) => {
      putAsset(client, { ...asset, ...change });
      try {
        const next = await data(
          api.PATCH('/api/v1/assets/{id}', {
            params: { path: { id: asset.id } },
            body: change,
          }),
        );
        client.setQueryData(['asset', asset.id], next);
        if (change.tags) void client.invalidateQueries({ queryKey: ['tags'] });
      } catch (error) {
        putAsset(client, asset);
        showToast(errorText(error, t), { tone: 'bad' });
      }
    },
  };
}
