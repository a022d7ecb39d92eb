import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { isStatus } from '~/api/errors';
import { productQuery } from '~/api/products';
import type { Model } from '~/api/types';
import { useT } from '~/lib/i18n';
import { addWithin } from '~/lib/references';
import { Button, IconButton } from '~/ui/button';
import { Field } from '~/ui/field';
import { ProductList } from '~/ui/picker';
import { ProductPhoto } from '~/ui/product-photo';
import { SelectButton } from '~/ui/select-button';
import { showToast } from '~/ui/toast';
import { useDraft } from './draft';

/** What the pictures are made for: none, or one of one's products. */
export function ProductPicker({ model }: { model: Model | undefined }) {
  const t = useT();
  const id = useDraft((state) => state.draft.product);
  const references = useDraft((state) => state.draft.references);
  const { change } = useDraft.getState();
  const { data: product, error } = useQuery(productQuery(id));
  const [state, setState] = useState<'new' | 'open' | 'closed'>('new');
  const button = useRef<HTMLButtonElement>(null);
  const listId = useId();
  useEffect(() => {
    // Deleted, or of who wrote here before.
    if (id && isStatus(error, 404)) change({ product: '' });
  }, [id, error, change]);

  const photos = id && product ? product.photos.map((photo) => photo.id) : [];
  const { ids, added } = addWithin(references, photos, model?.references_max);
  const takePhotos = () => {
    const taken = ids.length - references.length;
    change({ references: ids });
    showToast(
      taken < added.length
        ? t('generate.product.some', { count: taken, total: added.length })
        : t('generate.product.taken', { count: taken }),
      { undo: () => useDraft.getState().change({ references }) },
    );
  };
  return (
    <div>
      <Field label={t('generate.product.label')} isCustom>
        <div className="flex items-center gap-2">
          {id && <ProductPhoto product={product} size={32} />}
          <div className="min-w-0 flex-1">
            <SelectButton
              buttonRef={button}
              isOpen={state === 'open'}
              listId={listId}
              onNear={() => void ProductList.load().catch(() => undefined)}
              onPress={() => setState(state === 'open' ? 'closed' : 'open')}
            >
              {id ? (product?.name ?? '…') : t('generate.product.none')}
            </SelectButton>
          </div>
          {id && (
            <IconButton
              icon={X}
              label={t('generate.product.clear')}
              onClick={() => {
                change({ product: '' });
                button.current?.focus();
              }}
            />
          )}
        </div>
        {state !== 'new' && (
          <ProductList
            anchor={button}
            title={t('generate.product.label')}
            listId={listId}
            isOpen={state === 'open'}
            chosen={id}
            onChoose={(one) => change({ product: one.id })}
            onClose={() => setState('closed')}
          />
        )}
      </Field>
      {added.length > 0 && model?.references_max !== 0 && (
        <Button
          height="dense"
          className="mt-2"
          whyNot={ids.length === references.length ? t('generate.product.full') : ''}
          onClick={takePhotos}
        >
          {t('generate.product.photos')}
        </Button>
      )}
    </div>
  );
}
