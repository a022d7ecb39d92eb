import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Package, Sparkles, Trash2 } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { errorText, isStatus } from '~/api/errors';
import { productQuery } from '~/api/products';
import { assetsQuery, meQuery } from '~/api/queries';
import type { Product } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { useCommands } from '~/lib/use-commands';
import { Boundary } from '~/ui/boundary';
import { IconButton } from '~/ui/button';
import { ConfirmDialog } from '~/ui/lazy';
import { LinkButton } from '~/ui/link';
import { PageHead } from '~/ui/page';
import { Picture } from '~/ui/picture';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { usePhotos, useProductActions } from './actions';
import { productCommands } from './commands';
import { FactsForm } from './facts-form';
import { withPhotos } from './model';
import { Photos } from './photos';

const route = getRouteApi('/frame/products/$product');

/** One product: what is true of it, its photos, and what was made for it. */
export function ProductPage() {
  const t = useT();
  const { product: id } = route.useParams();
  const { data: product, error, refetch } = useQuery(productQuery(id));
  if (isStatus(error, 404)) {
    return (
      <EmptyState icon={Package} title={t('products.gone')} text={t('products.goneText')} isPage>
        <LinkButton to="/products" look="ink">
          {t('products.all')}
        </LinkButton>
      </EmptyState>
    );
  }
  if (product) return <Shown key={id} product={product} />;
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return (
    <div className="mx-auto flex w-full max-w-5xl flex-col gap-4 p-4">
      <Skeleton className="h-64 !rounded-8" />
      <Skeleton className="h-40 !rounded-8" />
    </div>
  );
}

function Shown({ product }: { product: Product }) {
  const t = useT();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const canWrite = me?.role !== 'viewer';
  const { remove } = useProductActions();
  const { ids, put } = usePhotos(product);
  const [isAsking, setAsking] = useState(false);
  const [isPending, setPending] = useState(false);
  const pick = useRef<(() => void) | null>(null);

  const drop = async () => {
    setPending(true);
    try {
      await remove(product.id);
      await navigate({ to: '/products' });
      client.removeQueries({ queryKey: productQuery(product.id).queryKey });
      void client.invalidateQueries({ queryKey: ['products'] });
      showToast(t('products.deleted', { name: product.name }));
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
      setPending(false);
    }
  };
  useCommands([
    { ...productCommands.upload, when: () => canWrite, run: () => pick.current?.() },
    {
      ...productCommands.make,
      when: () => canWrite,
      run: () => void navigate({ to: '/generate', search: { product: product.id } }),
    },
  ]);
  return (
    <>
      <PageHead
        title={product.name}
        className="[&>h1]:min-w-0 [&>h1]:max-w-[60%] [&>h1]:truncate max-md:[&>h1]:max-w-full"
      >
        <LinkButton to="/products" look="ghost" height="dense" className="order-first">
          <ArrowLeft size={16} aria-hidden />
          {t('common.nav.products')}
        </LinkButton>
        <div className="flex-1" />
        {canWrite && (
          <>
            <IconButton
              icon={Trash2}
              look="danger-ghost"
              label={t('products.delete')}
              onClick={() => setAsking(true)}
            />
            <LinkButton to="/generate" search={{ product: product.id }} look="ink">
              <Sparkles size={16} strokeWidth={1.75} aria-hidden />
              {t('products.make')}
            </LinkButton>
          </>
        )}
      </PageHead>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto grid max-w-5xl grid-cols-[minmax(0,1fr)_21.5rem] items-start gap-4 p-4 max-lg:grid-cols-1 max-md:p-3">
          <Card title={t('products.facts')}>
            <FactsForm key={product.id} product={product} canWrite={canWrite} />
          </Card>
          <Card title={t('products.photos.label')}>
            <Photos
              ids={ids}
              known={product.photos}
              canWrite={canWrite}
              pickRef={pick}
              onChange={(change) => void put(change)}
              onAdd={(more) => void put((before) => withPhotos(before, more))}
            />
            {canWrite && <p className="mt-2 text-12 text-fg-3">{t('products.photos.help')}</p>}
          </Card>
          <div className="col-span-full">
            <Made product={product} />
          </div>
        </div>
      </div>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        isPending={isPending}
        title={t('products.deleteTitle', { name: product.name })}
        about={t('products.deleteText')}
        action={t('products.delete')}
        onConfirm={() => void drop()}
      />
    </>
  );
}

function Card({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section
      aria-label={title}
      className="rounded-8 bg-surface p-4 shadow-1 outline outline-line max-md:p-3"
    >
      <div className="mb-3 flex min-h-7 flex-wrap items-center justify-between gap-2">
        <h2 className="text-14 font-semibold">{title}</h2>
        {aside}
      </div>
      <Boundary>{children}</Boundary>
    </section>
  );
}

const shownMax = 12;

/** The newest pictures made for it; all of them are the library's. */
function Made({ product }: { product: Product }) {
  const t = useT();
  const format = useFormat();
  const { id, pictures } = product;
  const made = useInfiniteQuery(assetsQuery({ product: id }, 'newest'));
  const assets = made.data?.pages[0]?.items.slice(0, shownMax);
  return (
    <Card
      title={t('products.madeFor')}
      aside={
        pictures > 0 && (
          <LinkButton to="/library" search={{ product: id }} look="ghost" height="dense">
            {t('products.inLibrary', { count: pictures, value: format.number(pictures) })}
          </LinkButton>
        )
      }
    >
      {made.isPending && <Skeleton className="h-32" />}
      {made.error && !assets && (
        <ErrorState error={made.error} onRetry={() => void made.refetch()} isCompact />
      )}
      {assets?.length === 0 && <p className="text-13 text-fg-2">{t('products.noneMade')}</p>}
      {assets && assets.length > 0 && (
        <ul className="grid grid-cols-6 gap-2 max-lg:grid-cols-4 max-md:grid-cols-3">
          {assets.map((asset) => (
            <li key={asset.id}>
              <Link
                to="/library/$asset"
                params={{ asset: asset.id }}
                search={{ product: id }}
                aria-label={t('products.openPicture', { name: asset.name })}
                className="block aspect-square overflow-hidden rounded-8 focus-on-picture"
              >
                <Picture asset={asset} sizes={160} alt="" />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
