import type { ComponentType } from 'react';
import { loadTexts } from '~/lib/i18n';
import { late } from '~/lib/late';

/** A list to choose from comes with its words when it is first opened. */
function withTexts<P extends object>(load: () => Promise<ComponentType<P>>) {
  const start = () => Promise.all([load(), loadTexts('picker')]);
  return late(async () => (await start())[0]);
}

export const LibraryPicker = withTexts(() =>
  import('./library-picker').then((file) => file.LibraryPicker),
);
export const ProductList = withTexts(() =>
  import('./product-list').then((file) => file.ProductList),
);
