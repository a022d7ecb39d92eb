import { ApiError, codeText, errorText } from '~/api/errors';
import { useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Field, TextArea, TextInput } from '~/ui/field';
import { lengths, problemOf, type WordField, type Words, wordFields } from './model';

/** Which field an error of the server speaks of; empty: none of these. */
export function fieldOf(error: unknown): WordField | 'photos' | '' {
  if (!(error instanceof ApiError)) return '';
  if (/^photos\b/.test(error.field)) return 'photos';
  return wordFields.find((field) => field === error.field) ?? '';
}

/** Name, SKU, category and facts, each with what is wrong with it. */
export function WordFields({
  words,
  theirs,
  isTried,
  error,
  isReadOnly = false,
  onChange,
  onTake,
}: {
  words: Words;
  /** what was written elsewhere meanwhile, and differs */
  theirs?: Partial<Words>;
  /** it was to be saved: from then on what is missing is told */
  isTried: boolean;
  error: unknown;
  isReadOnly?: boolean;
  onChange: (field: WordField, value: string) => void;
  onTake?: (field: WordField) => void;
}) {
  const t = useT();
  const wrong = (field: WordField) => {
    if (error instanceof ApiError && fieldOf(error) === field) {
      if (error.code === 'too_many') return t('products.full', { limit: error.limit ?? 0 });
      return error.code === 'conflict' ? t('products.skuTaken') : errorText(error, t);
    }
    const problem = problemOf(field, words);
    if (problem === 'required') return isTried ? t('products.noName') : '';
    return problem && codeText(problem, t, { limit: lengths[field] });
  };
  const control = (field: WordField) => ({
    lang: '',
    value: words[field],
    readOnly: isReadOnly,
    onChange: (event: { currentTarget: { value: string } }) =>
      onChange(field, event.currentTarget.value),
  });
  const other = (field: WordField) => {
    const said = theirs?.[field];
    if (said === undefined || said === words[field]) return null;
    return (
      <div className="flex items-start justify-between gap-2 rounded-8 bg-warn-soft px-2.5 py-2 text-12 text-warn">
        <span className="min-w-0">
          {t('products.conflict.theirs')}
          <span
            lang=""
            className="mt-0.5 block max-h-32 overflow-y-auto break-words whitespace-pre-wrap"
          >
            {said || t('products.conflict.empty')}
          </span>
        </span>
        <Button height="dense" onClick={() => onTake?.(field)}>
          {t('products.conflict.take')}
        </Button>
      </div>
    );
  };
  return (
    <>
      <div className="flex flex-col gap-1">
        <Field label={t('products.field.name')} error={wrong('name')}>
          <TextInput {...control('name')} autoComplete="off" />
        </Field>
        {other('name')}
      </div>
      <div className="grid grid-cols-2 items-start gap-4 max-md:grid-cols-1">
        <div className="flex flex-col gap-1">
          <Field
            label={t('products.field.sku')}
            help={isReadOnly ? '' : t('products.field.skuHelp')}
            error={wrong('sku')}
          >
            <TextInput {...control('sku')} autoComplete="off" spellCheck={false} />
          </Field>
          {other('sku')}
        </div>
        <div className="flex flex-col gap-1">
          <Field label={t('products.field.category')} error={wrong('category')}>
            <TextInput {...control('category')} autoComplete="off" />
          </Field>
          {other('category')}
        </div>
      </div>
      <div className="flex flex-col gap-1">
        <Field
          label={t('products.field.facts')}
          help={isReadOnly ? '' : t('products.field.factsHelp')}
          error={wrong('facts')}
        >
          <TextArea {...control('facts')} rows={6} />
        </Field>
        {other('facts')}
      </div>
    </>
  );
}
