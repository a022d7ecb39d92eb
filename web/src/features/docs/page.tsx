import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import { useT } from '~/lib/i18n';
import { Field, TextInput } from '~/ui/field';
import { Mark } from '~/ui/mark';
import { useTitle } from '~/ui/page';
import { filterGroups, type Group, groupsOf } from './model';
import { Code, MethodMark, OperationSection } from './operation';
import { documentQuery } from './queries';

function Contents({ groups, words }: { groups: Group[]; words: string }) {
  const t = useT();
  if (groups.length === 0)
    return <p className="px-2 py-4 text-13 text-fg-3">{t('docs.none', { words })}</p>;
  return groups.map((group) => (
    <section key={group.name} className="mt-4">
      <h2 className="px-2 text-12 font-semibold text-fg-3">{group.name}</h2>
      <ul>
        {group.operations.map((operation) => (
          <li key={operation.id}>
            <a
              href={`#${operation.id}`}
              className="flex items-center gap-2 rounded-8 px-2 py-1 hover:bg-surface-2 max-md:py-2.5"
            >
              <MethodMark method={operation.method} />
              <span className="min-w-0 truncate text-13">
                {operation.path.replace(/^\/api\/v1/, '')}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  ));
}

/** The reader of the API's description; for everyone, like the description itself. */
export function DocsPage() {
  const t = useT();
  useTitle(t('docs.title'));
  const { data, isError } = useQuery(documentQuery);
  const [words, setWords] = useState('');
  const wanted = useDeferredValue(words);
  const groups = useMemo(() => (data ? groupsOf(data) : []), [data]);
  const shown = useMemo(() => filterGroups(groups, wanted), [groups, wanted]);

  // The browser looked for the address's part before it was there.
  useEffect(() => {
    if (groups.length > 0 && location.hash)
      document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }, [groups]);

  return (
    <div className="flex h-full max-md:block max-md:overflow-y-auto">
      <nav
        aria-label={t('docs.operations')}
        className="w-80 shrink-0 overflow-y-auto border-line border-r bg-surface p-3 max-md:max-h-80 max-md:w-full max-md:border-r-0 max-md:border-b"
      >
        <a href="/" className="flex items-center gap-2 px-2 py-1">
          <Mark />
          <span className="text-16 font-semibold">{t('common.name')}</span>
          {data && <span className="text-12 text-fg-3 tabular-nums">{data.info.version}</span>}
        </a>
        <div className="mt-3">
          <Field label={t('docs.search')} isLabelHidden>
            <TextInput
              type="search"
              value={words}
              placeholder={t('docs.search')}
              onChange={(event) => setWords(event.target.value)}
            />
          </Field>
        </div>
        {data && <Contents groups={shown} words={wanted} />}
      </nav>
      <main className="min-w-0 flex-1 overflow-y-auto max-md:overflow-visible">
        <div className="mx-auto max-w-200 p-6 max-md:p-4">
          <h1 tabIndex={-1} className="text-20 font-semibold">
            {t('docs.title')}
          </h1>
          <p className="mt-2 text-14 text-fg-2">{t('docs.intro')}</p>
          <p className="mt-2 text-14 text-fg-2">{t('docs.token')}</p>
          <Code
            // bare: commands to copy
            text={`TOKEN=$(vitrine token create demo)\nVITRINE=${location.origin}\ncurl "$VITRINE/api/v1/me" -H "Authorization: Bearer $TOKEN"`}
          />
          <p className="mt-3 text-14 text-fg-2">{t('docs.errors.text')}</p>
          <p className="mt-2 flex flex-wrap gap-x-4 text-14">
            <a className="text-accent-text underline" href="/openapi.json">
              {t('docs.document')}
            </a>
            <a className="text-accent-text underline" href="/docs/errors">
              {t('docs.errors')}
            </a>
          </p>
          {isError && (
            <p role="alert" className="mt-6 text-14 text-bad">
              {t('docs.failed')}
            </p>
          )}
          {shown.map((group) => (
            <section key={group.name} className="mt-8">
              <h2 className="pb-3 text-16 font-semibold">{group.name}</h2>
              {group.operations.map((operation) => (
                <OperationSection key={operation.id} operation={operation} />
              ))}
            </section>
          ))}
        </div>
      </main>
    </div>
  );
}
