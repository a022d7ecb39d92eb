import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, data } from '~/api/client';
import { assetQuery } from '~/api/queries';
import type { Asset, AssetFilter } from '~/api/types';
import { momentOf } from './model';

/** Asked of the server: most of the list may not be loaded. */
async function isListed(filter: AssetFilter, asset: Asset): Promise<boolean> {
  const query = momentOf(filter, asset.created_at);
  if (!query) return false;
  const { items } = await data(
    api.GET('/api/v1/assets', { params: { query: { ...query, limit: 200 } } }),
  );
  return items.some(({ id }) => id === asset.id);
}

/** The picture that has the focus, until another filter leaves it out; empty: none has. */
export function useFocused(filter: AssetFilter, find: (id: string) => Asset | undefined) {
  const client = useQueryClient();
  const [focused, setFocused] = useState('');
  const latest = useRef(focused);
  latest.current = focused;
  useEffect(() => {
    const id = latest.current;
    if (!id) return;
    const asset = client.getQueryData(assetQuery(id).queryKey) ?? find(id);
    if (!asset) {
      setFocused('');
      return;
    }
    let isOld = false;
    isListed(filter, asset).then(
      (is) => {
        if (!is && !isOld && latest.current === id) setFocused('');
      },
      () => {}, // the list says itself that it does not come
    );
    return () => {
      isOld = true;
    };
  }, [filter, client, find]);
  return [focused, setFocused] as const;
}
