import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { codeText } from '~/api/errors';
import { hasText, useT } from '~/lib/i18n';
import { Field, TextInput } from '~/ui/field';
import { Mark } from '~/ui/mark';
import { useTitle } from '~/ui/page';
import { Badge } from '~/ui/states';
import { type ErrorCode, filterCodes } from './model';
import { documentQuery } from './queries';

/** Holes of a sentence whose values only a real error has. */
const holes = { limit: 'N', field: 'x', seconds: 'N' };

/** Every code an answer can have: what people read, why the server says it, whether to ask again. */
export function ErrorsPage() {
  const t = useT();
  const { data, isError } = useQuery(documentQuery);
  const [words, setWords] = useState('');
  useTitle(t('docs.errors'));
  const codes = data?.components['x-error-codes'] ?? [];
  const causeOf = (code: string) => {
    const key = `causes.${code}`;
    return hasText(key) ? t(key) : '';
  };
  const shown = filterCodes(codes, words, (code) => `${codeText(code, t, holes)} ${causeOf(code)}`);

  // The browser looked for the address's part before it was there.
  useEffect(() => {
    if (data && location.hash)
      document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }, [data]);

  return (
    <main className="h-full overflow-y-auto">
      <div className="mx-auto max-w-200 p-6 max-md:p-4">
        <a href="/docs" className="flex w-fit items-center gap-2">
          <Mark />
          <span className="text-14 font-medium">{t('docs.back')}</span>
        </a>
        <h1 tabIndex={-1} className="mt-4 text-20 font-semibold">
          {t('docs.errors')}
        </h1>
        <p className="mt-2 text-14 text-fg-2">{t('docs.errors.text')}</p>
        <p className="mt-2 text-14 text-fg-2">{t('docs.errors.about')}</p>
        <Field label={t('docs.errors.search')} isLabelHidden className="mt-4">
          <TextInput
            type="search"
            value={words}
            placeholder={t('docs.errors.search')}
            onChange={(event) => setWords(event.target.value)}
          />
        </Field>
        {isError && (
          <p role="alert" className="mt-6 text-14 text-bad">
            {t('docs.failed')}
          </p>
        )}
        {data && shown.length === 0 && (
          <p className="mt-6 text-13 text-fg-3">{t('docs.errors.none')}</p>
        )}
        {shown.map((one) => (
          <Code key={one.code} row={one} cause={causeOf(one.code)} />
        ))}
      </div>
    </main>
  );
}

function Code({ row, cause }: { row: ErrorCode; cause: string }) {
  const t = useT();
  return (
    <section
      id={row.code}
      aria-labelledby={`${row.code}-name`}
      className="scroll-mt-4 border-line border-b py-4 target:bg-accent-soft"
    >
      <h2 id={`${row.code}-name`} className="flex flex-wrap items-center gap-2">
        <a href={`#${row.code}`} className="font-mono text-14 font-semibold break-all">
          {row.code}
        </a>
        <Badge tone={row.status >= 500 ? 'bad' : 'plain'}>{row.status}</Badge>
        <Badge>{t(row.is_retried ? 'docs.errors.retry' : 'docs.errors.never')}</Badge>
      </h2>
      <dl className="mt-2 grid gap-x-4 gap-y-1 text-13 md:grid-cols-[9rem_1fr]">
        <dt className="text-fg-3">{t('docs.errors.shown')}</dt>
        <dd>{codeText(row.code, t, holes)}</dd>
        <dt className="text-fg-3">{t('docs.errors.cause')}</dt>
        <dd className="text-fg-2">{cause}</dd>
      </dl>
    </section>
  );
}
