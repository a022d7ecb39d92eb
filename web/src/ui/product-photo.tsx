import { Package } from 'lucide-react';
import type { ProductSummary } from '~/api/types';
import { Picture } from './picture';

/** A product's main photo beside its name, which says what it is. */
export function ProductPhoto({
  product,
  size,
}: {
  product: Pick<ProductSummary, 'photos'> | undefined;
  /** css pixels */
  size: number;
}) {
  const photo = product?.photos[0];
  return (
    <span
      className="flex shrink-0 items-center justify-center overflow-hidden rounded-6 bg-surface-2 text-fg-3 outline outline-line -outline-offset-1"
      style={{ width: size, height: size }}
    >
      {photo ? (
        <Picture key={photo.id} asset={{ ...photo, average_color: '' }} sizes={size} alt="" />
      ) : (
        <Package size={Math.round(size / 2)} strokeWidth={1.5} aria-hidden />
      )}
    </span>
  );
}
