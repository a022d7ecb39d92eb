import { useRef, useState } from 'react';
import { errorText } from '~/api/errors';
import type { Product } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field } from '~/ui/field';
import { useProductActions } from './actions';
import { fieldOf, WordFields } from './fields';
import { changesOf, noWords, problemOf, trimmed, withPhotos, wordFields } from './model';
import { Photos } from './photos';

const nothingKnown: [] = [];

/** A new product: its words and its photos at once. */
export function CreateDialog({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (product: Product) => void;
}) {
  const t = useT();
  const { create } = useProductActions();
  const [words, setWords] = useState(noWords);
  const [photos, setPhotos] = useState<string[]>([]);
  const [sending, setSending] = useState(0);
  const [isTried, setTried] = useState(false);
  const [isPending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const form = useRef<HTMLFormElement>(null);
  const isDirty = photos.length > 0 || Object.keys(changesOf(noWords, words)).length > 0;
  const isWrong = wordFields.some((field) => problemOf(field, words) !== '');
  const at = fieldOf(error);

  const save = async () => {
    setTried(true);
    if (isWrong) {
      requestAnimationFrame(() =>
        form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus(),
      );
      return;
    }
    setPending(true);
    setError(null);
    try {
      onMade(await create({ ...trimmed(words), photos }));
    } catch (failure) {
      setError(failure);
      setPending(false);
    }
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t('products.add')}
      about={t('products.about')}
      isSticky={isDirty}
      foot={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button
            look="ink"
            type="submit"
            form="product"
            isPending={isPending}
            whyNot={sending > 0 ? t('products.photos.wait') : ''}
          >
            {t('common.save')}
          </Button>
        </>
      }
    >
      <form
        ref={form}
        id="product"
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (sending === 0 && !isPending) void save();
        }}
      >
        <WordFields
          words={words}
          isTried={isTried}
          error={error}
          onChange={(field, value) => {
            setWords((before) => ({ ...before, [field]: value }));
            if (at === field) setError(null);
          }}
        />
        <Field label={t('products.photos.label')} isCustom help={t('products.photos.help')}>
          <Photos
            ids={photos}
            known={nothingKnown}
            canWrite
            error={at === 'photos' ? errorText(error, t) : ''}
            onChange={(change) => {
              setPhotos(change);
              if (at === 'photos') setError(null);
            }}
            onAdd={(ids) => setPhotos((before) => withPhotos(before, ids))}
            onSending={setSending}
          />
        </Field>
        {error !== null && at === '' && (
          <p role="alert" className="text-12 text-bad">
            {errorText(error, t)}
          </p>
        )}
      </form>
    </Dialog>
  );
}
