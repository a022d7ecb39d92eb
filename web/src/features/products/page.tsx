import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Package, Plus, SearchX } from 'lucide-react';
import { useRef, useState } from 'react';
import { productsQuery } from '~/api/products';
import { meQuery } from '~/api/queries';
import type { ProductSummary } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { useCommands } from '~/lib/use-commands';
import { Button } from '~/ui/button';
import { PageHead } from '~/ui/page';
import { ProductPhoto } from '~/ui/product-photo';
import { SearchBox } from '~/ui/search-box';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { productCommands } from './commands';

const route = getRouteApi('/frame/products');
const CreateDialog = late(() => import('./create-dialog').then((file) => file.CreateDialog));

/** What is sold, the newest first. */
export function ProductsPage() {
  const t = useT();
  const navigate = useNavigate();
  const { q = '' } = route.useSearch();
  const { data: me } = useQuery(meQuery);
  const canWrite = me?.role !== 'viewer';
  const products = useInfiniteQuery(productsQuery(q));
  const items = products.data?.pages.flatMap((page) => page.items) ?? [];
  const [isAdding, setAdding] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  const search = (words: string) =>
    void navigate({ to: '/products', search: { q: words || undefined }, replace: true });
  const add = () => setAdding(true);
  useCommands([
    { ...productCommands.search, run: () => searchBox.current?.focus() },
    { ...productCommands.add, when: () => canWrite, run: add },
  ]);
  const isEmpty = products.data !== undefined && items.length === 0;
  const addButton = canWrite && (
    <Button look="ink" icon={Plus} onClick={add}>
      {t('products.add')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('common.nav.products')}>
        <SearchBox
          inputRef={searchBox}
          label={t('products.search')}
          clearLabel={t('products.clear')}
          value={q}
          onChange={search}
        />
        <div className="flex-1" />
        {!(isEmpty && q === '') && addButton}
      </PageHead>
      <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
        {products.error && items.length === 0 && (
          <ErrorState error={products.error} onRetry={() => void products.refetch()} />
        )}
        {isEmpty &&
          (q ? (
            <EmptyState
              icon={SearchX}
              title={t('products.none')}
              text={t('products.noneText', { words: q })}
            >
              <Button onClick={() => search('')}>{t('products.clear')}</Button>
            </EmptyState>
          ) : (
            <EmptyState icon={Package} title={t('products.empty')} text={t('products.about')}>
              {addButton}
            </EmptyState>
          ))}
        {(products.isPending || items.length > 0) && (
          <div className="mx-auto w-full max-w-5xl p-4 max-md:p-3">
            <ul
              aria-label={t('common.nav.products')}
              className="overflow-hidden rounded-8 bg-surface shadow-1 outline outline-line"
            >
              {products.isPending
                ? ['a', 'b', 'c', 'd', 'e'].map((key) => (
                    <li key={key} className="border-line border-b p-3 last:border-b-0">
                      <Skeleton className="h-12" />
                    </li>
                  ))
                : items.map((product) => <Row key={product.id} product={product} />)}
            </ul>
            {products.hasNextPage && (
              <div className="mt-3 flex justify-center">
                <Button
                  isPending={products.isFetchingNextPage}
                  onClick={() => void products.fetchNextPage()}
                >
                  {t('common.more')}
                </Button>
              </div>
            )}
          </div>
        )}
      </div>
      {isAdding && (
        <CreateDialog
          onClose={() => setAdding(false)}
          onMade={(product) => {
            setAdding(false);
            showToast(t('products.made', { name: product.name }), { tone: 'ok' });
            void navigate({ to: '/products/$product', params: { product: product.id } });
          }}
        />
      )}
    </>
  );
}

function Row({ product }: { product: ProductSummary }) {
  const t = useT();
  const format = useFormat();
  const { name, sku, category, pictures } = product;
  const made = t('products.pictures', { count: pictures, value: format.number(pictures) });
  return (
    <li className="border-line border-b last:border-b-0">
      <Link
        to="/products/$product"
        params={{ product: product.id }}
        className="flex min-h-16 items-center gap-3 px-4 py-2 -outline-offset-2 transition-colors duration-100 hover:bg-surface-2 max-md:px-3"
      >
        <ProductPhoto product={product} size={48} />
        <span className="min-w-0 flex-1">
          <span lang="" className="block truncate text-14 font-medium">
            {name}
          </span>
          <span lang="" className="block truncate text-12 text-fg-3">
            {[sku, category].filter(Boolean).join(' · ')}
          </span>
          <span className="block text-12 text-fg-3 tabular-nums md:hidden">{made}</span>
        </span>
        <span className="w-28 shrink-0 text-right text-13 text-fg-2 tabular-nums max-md:hidden">
          {made}
        </span>
        <time
          dateTime={product.changed_at}
          title={format.dateTime(product.changed_at)}
          className="w-28 shrink-0 text-right text-12 text-fg-3 tabular-nums max-md:w-auto"
        >
          <span className="sr-only">{t('products.changed')} </span>
          {format.relative(product.changed_at)}
        </time>
      </Link>
    </li>
  );
}
