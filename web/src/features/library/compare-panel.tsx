import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { modelsQuery, operationsQuery } from '~/api/queries';
import type { AssetDetail } from '~/api/types';
import { choiceText, pickLanguage, useFormat, useT } from '~/lib/i18n';
import { findOption } from '~/lib/parameters';
import { wordDiff } from '~/lib/word-diff';
import { Picture } from '~/ui/picture';
import { type Difference, differences } from './compare-model';

/** What the two were made with, as far as it is not the same. */
export function ComparePanel({ a, b }: { a: AssetDetail; b: AssetDetail }) {
  const t = useT();
  const format = useFormat();
  const { data: operations } = useQuery(operationsQuery);
  const { data: models } = useQuery(modelsQuery);
  const rows = differences(a, b);
  const parameterOf = (name: string) => {
    for (const one of operations ?? []) {
      const found = one.parameters.find((parameter) => parameter.name === name);
      if (found) return pickLanguage(found.label_en, found.label_zh, format.language);
    }
    const option = findOption(models, name);
    return option ? pickLanguage(option.label_en, option.label_zh, format.language) : name;
  };
  const nameOf = (row: Difference) =>
    row.isParameter
      ? parameterOf(row.name)
      : t(`library.panel.${row.name as 'model' | 'provider' | 'seed' | 'pixels'}`);
  const show = (row: Difference, value: Difference['a']) => {
    if (value === null || value === '') return '–';
    if (typeof value === 'boolean') return t(value ? 'library.compare.on' : 'library.compare.off');
    if (typeof value === 'number')
      return row.name === 'seed' ? String(value) : format.number(value);
    return row.isParameter ? choiceText(value, t) : value;
  };
  return (
    <div className="flex flex-col">
      <div className="grid grid-cols-2 gap-3 border-line border-b p-4">
        {(['A', 'B'] as const).map((letter) => {
          const asset = letter === 'A' ? a : b;
          return (
            <Link
              key={letter}
              to="/library/$asset"
              params={{ asset: asset.id }}
              search={{}}
              className="min-w-0 rounded-8"
            >
              <span className="block aspect-square overflow-hidden rounded-8">
                <Picture asset={asset} sizes={140} alt="" />
              </span>
              <span className="mt-1.5 block truncate text-12">
                <span className="font-semibold">{letter}</span>
                {` ${asset.name || t('library.picture')}`}
              </span>
            </Link>
          );
        })}
      </div>
      <Words
        title={t('library.panel.prompt')}
        a={a.recipe?.prompt ?? ''}
        b={b.recipe?.prompt ?? ''}
      />
      <Words
        title={t('library.panel.negative')}
        a={a.recipe?.negative_prompt ?? ''}
        b={b.recipe?.negative_prompt ?? ''}
      />
      <section className="px-4 py-3">
        <h2 className="mb-2 text-13 font-semibold">{t('library.panel.recipe')}</h2>
        {rows.length === 0 ? (
          <p className="text-13 text-fg-3">{t('library.compare.same')}</p>
        ) : (
          <table className="w-full table-fixed text-left text-13">
            <thead className="text-12 text-fg-3">
              <tr>
                <th scope="col" className="w-1/3 pb-1 font-normal">
                  <span className="sr-only">{t('library.compare.what')}</span>
                </th>
                <th scope="col" className="pb-1 font-semibold">
                  {'A'}
                </th>
                <th scope="col" className="pb-1 font-semibold">
                  {'B'}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.name} className="align-top">
                  <th scope="row" className="py-1 pr-2 font-normal text-fg-3">
                    {nameOf(row)}
                  </th>
                  <td className="py-1 pr-2 break-words tabular-nums">{show(row, row.a)}</td>
                  <td className="py-1 break-words tabular-nums">{show(row, row.b)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
    </div>
  );
}

function Words({ title, a, b }: { title: string; a: string; b: string }) {
  const t = useT();
  if (a === '' && b === '') return null;
  return (
    <section className="border-line border-b px-4 py-3">
      <h2 className="mb-2 text-13 font-semibold">{title}</h2>
      {a === b && <p className="mb-1 text-12 text-fg-3">{t('library.compare.sameWords')}</p>}
      <p lang="" className="text-13 break-words whitespace-pre-wrap text-fg-2">
        {wordDiff(a, b).map((part, index) =>
          part.type === 'same' ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
            <span key={index}>{part.text}</span>
          ) : part.type === 'removed' ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
            <del key={index} className="rounded-6 bg-bad-soft text-bad">
              {part.text}
            </del>
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
            <ins key={index} className="rounded-6 bg-ok-soft text-ok no-underline">
              {part.text}
            </ins>
          ),
        )}
      </p>
    </section>
  );
}
