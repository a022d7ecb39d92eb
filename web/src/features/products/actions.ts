import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useRef, useState } from 'react';
import { api, data, done } from '~/api/client';
import { errorText } from '~/api/errors';
import { productQuery } from '~/api/products';
import type { Product, ProductChange, ProductInput } from '~/api/types';
import { useT } from '~/lib/i18n';
import { randomId } from '~/lib/id';
import { showToast } from '~/ui/toast';

/** What is done to products; the answer is put into the cache at once. */
export function useProductActions() {
  const client = useQueryClient();
  const asked = useRef({ wish: '', key: '' });
  const take = (product: Product) => {
    client.setQueryData(productQuery(product.id).queryKey, product);
    void client.invalidateQueries({ queryKey: ['products'] });
    return product;
  };
  return {
    /** The same wish that got no answer keeps its key: it is made once. */
    create: async (input: ProductInput) => {
      const wish = JSON.stringify(input);
      if (asked.current.wish !== wish) asked.current = { wish, key: randomId() };
      const headers = { 'Idempotency-Key': asked.current.key };
      return take(await data(api.POST('/api/v1/products', { body: input, headers })));
    },
    change: async (id: string, version: number, body: ProductChange) =>
      take(
        await data(
          api.PATCH('/api/v1/products/{product}', {
            params: { path: { product: id } },
            body,
            headers: { 'If-Match': `"${version}"` },
          }),
        ),
      ),
    remove: async (id: string) => {
      await done(api.DELETE('/api/v1/products/{product}', { params: { path: { product: id } } }));
    },
  };
}

/** Photos are seen where they were put at once, and taken back when the server refuses. */
export function usePhotos(product: Product) {
  const t = useT();
  const client = useQueryClient();
  const { change } = useProductActions();
  const [shown, setShown] = useState<string[] | null>(null);
  const wanted = useRef<string[] | null>(null);
  const changeRef = useRef(change);
  const { id } = product;
  const put = useCallback(
    async (next: (ids: string[]) => string[]) => {
      const { queryKey } = productQuery(id);
      const known = () => client.getQueryData(queryKey);
      const isSaving = wanted.current !== null;
      wanted.current = next(wanted.current ?? known()?.photos.map((one) => one.id) ?? []);
      setShown(wanted.current);
      if (isSaving) return; // who saves comes back for it
      try {
        for (let sent: string[] | null = null; sent !== wanted.current; ) {
          sent = wanted.current;
          await changeRef.current(id, known()?.version ?? 0, { photos: sent });
        }
      } catch (error) {
        showToast(errorText(error, t), { tone: 'bad' });
        void client.invalidateQueries({ queryKey });
      } finally {
        wanted.current = null;
        setShown(null);
      }
    },
    [client, id, t],
  );
  return { ids: shown ?? product.photos.map((one) => one.id), put };
}
