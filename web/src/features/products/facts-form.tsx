import { useQueryClient } from '@tanstack/react-query';
import { CircleAlert } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { errorText, isStatus } from '~/api/errors';
import { productQuery } from '~/api/products';
import type { Product } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { showToast } from '~/ui/toast';
import { useProductActions } from './actions';
import { fieldOf, WordFields } from './fields';
import {
  adopt,
  changesOf,
  type Form,
  formOf,
  isDirty,
  problemOf,
  takeTheirs,
  typeInto,
  wordFields,
} from './model';

/** What was typed and not saved, by the product's id: it is there again when one comes back. */
const unsaved = new Map<string, Form>();

/** The product's words, written in place; what another wrote meanwhile is shown beside what was typed. */
export function FactsForm({ product, canWrite }: { product: Product; canWrite: boolean }) {
  const t = useT();
  const client = useQueryClient();
  const { change } = useProductActions();
  const { id } = product;
  const [form, setForm] = useState(() => unsaved.get(id) ?? formOf(product));
  const [isTried, setTried] = useState(false);
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const root = useRef<HTMLFormElement>(null);
  const hasChanges = isDirty(form);
  useEffect(() => {
    // While it is being saved, the answer says what there is.
    if (!isPending) setForm((before) => adopt(before, product));
  }, [product, isPending]);
  useEffect(() => {
    if (hasChanges) unsaved.set(id, form);
    else unsaved.delete(id);
  }, [id, form, hasChanges]);

  const save = async () => {
    setTried(true);
    if (!hasChanges) return;
    if (wordFields.some((field) => problemOf(field, form.typed) !== '')) {
      requestAnimationFrame(() =>
        root.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(),
      );
      return;
    }
    setPending(true);
    setError(null);
    try {
      const next = await change(id, form.version, changesOf(form.base, form.typed));
      setForm(formOf(next));
      setTried(false);
      showToast(t('products.saved'), { tone: 'ok' });
    } catch (failure) {
      setError(failure);
      // What is there now comes beside what was typed; the next Save is against that.
      if (isStatus(failure, 412)) {
        void client.invalidateQueries({ queryKey: productQuery(id).queryKey });
      }
    } finally {
      setPending(false);
    }
  };
  const at = fieldOf(error);
  const hasTheirs = wordFields.some(
    (field) => form.theirs[field] !== undefined && form.theirs[field] !== form.typed[field],
  );
  return (
    <form
      ref={root}
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isPending) void save();
      }}
    >
      <WordFields
        words={form.typed}
        theirs={form.theirs}
        isTried={isTried || hasChanges}
        error={error}
        isReadOnly={!canWrite}
        onChange={(field, value) => {
          setForm((before) => typeInto(before, field, value));
          if (at === field) setError(null);
        }}
        onTake={(field) => setForm((before) => takeTheirs(before, field))}
      />
      {((error !== null && at === '') || hasTheirs) && (
        <p role="alert" className="flex items-start gap-1.5 text-12 text-bad">
          <CircleAlert size={14} className="mt-px shrink-0" aria-hidden />
          {isStatus(error, 412) || error === null
            ? t(hasTheirs ? 'products.conflict.choose' : 'products.conflict.again')
            : errorText(error, t)}
        </p>
      )}
      {canWrite && (
        <div className="flex justify-end gap-2">
          {hasChanges && (
            <Button
              onClick={() => {
                setForm(formOf(product));
                setError(null);
                setTried(false);
              }}
            >
              {t('products.discard')}
            </Button>
          )}
          <Button
            look="outline"
            type="submit"
            isPending={isPending}
            whyNot={hasChanges ? '' : t('products.same')}
          >
            {t('common.save')}
          </Button>
        </div>
      )}
    </form>
  );
}
