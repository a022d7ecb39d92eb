import { type ComponentType, lazy } from 'react';
import { loadTexts } from '~/lib/i18n';

/** A list to choose from comes with its words when it is first opened. */
function withTexts<P>(load: () => Promise<ComponentType<P>>) {
  const start = () => Promise.all([load(), loadTexts('picker')]);
  return lazy(async () => ({ default: (await start())[0] }));
}

export const LibraryPicker = withTexts(() =>
  import('./library-picker').then((file) => file.LibraryPicker),
);
export const ProductList = withTexts(() =>
  import('./product-list').then((file) => file.ProductList),
);
