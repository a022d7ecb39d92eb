import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { ChevronDown, X } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { isStatus } from '~/api/errors';
import { productQuery } from '~/api/products';
import { useT } from '~/lib/i18n';
import { ProductList } from '~/ui/picker';

/** One's products are too many for a menu: the chip opens a list that is searched. */
export function ProductChip({
  chip,
  look,
  value,
  onChange,
}: {
  chip: string;
  look: string;
  /** a product's id; empty: all pictures */
  value: string;
  onChange: (product: string | undefined) => void;
}) {
  const t = useT();
  const { data: product, error } = useQuery(productQuery(value));
  const [state, setState] = useState<'new' | 'open' | 'closed'>('new');
  const button = useRef<HTMLButtonElement>(null);
  const listId = useId();
  if (value) {
    return (
      <button
        type="button"
        data-chip="product"
        className={clsx(chip, look)}
        onClick={() => onChange(undefined)}
      >
        <span lang={product && ''} className="max-w-48 truncate">
          {product?.name ??
            t(isStatus(error, 404) ? 'library.filter.productGone' : 'library.filter.product')}
        </span>
        <X size={14} aria-label={t('library.filter.remove')} />
      </button>
    );
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        data-chip="product"
        aria-haspopup="dialog"
        aria-expanded={state === 'open'}
        className={clsx(chip, look)}
        onClick={() => setState(state === 'open' ? 'closed' : 'open')}
      >
        {t('library.filter.product')}
        <ChevronDown size={14} aria-hidden />
      </button>
      {state !== 'new' && (
        <ProductList
          anchor={button}
          title={t('library.filter.product')}
          listId={listId}
          isOpen={state === 'open'}
          chosen=""
          onChoose={(one) => onChange(one.id)}
          onClose={() => setState('closed')}
        />
      )}
    </>
  );
}
