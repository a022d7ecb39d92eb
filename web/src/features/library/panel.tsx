import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Copy, Dices, Pencil, Ruler, Shuffle, Sparkle, Tag, TextQuote } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { isStatus } from '~/api/errors';
import { productQuery } from '~/api/products';
import { assetQuery, modelsQuery, operationsQuery } from '~/api/queries';
import type { AssetDetail, Recipe } from '~/api/types';
import { copyText } from '~/lib/clipboard';
import { choiceText, pickLanguage, useFormat, useT } from '~/lib/i18n';
import { findOption, flatParameters } from '~/lib/parameters';
import { rolesOf } from '~/lib/reference-roles';
import { Button, IconButton } from '~/ui/button';
import { Field, TextInput } from '~/ui/field';
import { Picture } from '~/ui/picture';
import { Rating } from '~/ui/rating';
import { Badge } from '~/ui/states';
import { showToast } from '~/ui/toast';

/** Everything that is known about a picture: how it was made, what it cost, how it is labelled. */
export function Panel({
  asset,
  canWrite,
  onRecall,
  onRate,
  onTag,
  onRename,
}: {
  asset: AssetDetail;
  canWrite: boolean;
  onRecall: (what: string) => void;
  onRate: (stars: number) => void;
  onTag: () => void;
  onRename: (name: string) => void;
}) {
  const t = useT();
  const format = useFormat();
  const recipe = asset.recipe;
  const verbs = [
    ['all', Copy, 'A'],
    ['remix', Shuffle, 'R'],
    ['prompt', TextQuote, 'P'],
    ['seed', Dices, 'S'],
    ['size', Ruler, 'D'],
  ] as const;
  return (
    <div className="flex flex-col">
      {recipe && canWrite && (
        <Section title={t('library.panel.use')}>
          <div className="flex flex-wrap gap-1.5">
            {verbs
              .filter(([what]) => what !== 'seed' || recipe.seed !== null)
              .map(([what, icon]) => (
                <Button key={what} height="dense" icon={icon} onClick={() => onRecall(what)}>
                  {t(`library.verb.${what}`)}
                </Button>
              ))}
          </div>
        </Section>
      )}
      {recipe && <RecipeView recipe={recipe} />}
      <Section title={t('library.panel.picture')}>
        <Name asset={asset} canWrite={canWrite} onRename={onRename} />
        <Facts
          rows={[
            [t('library.panel.kind'), t(`library.kind.${asset.kind}`)],
            [t('library.panel.pixels'), `${asset.width_px} × ${asset.height_px}`],
            [
              t('library.panel.file'),
              [asset.mime.replace('image/', '').toUpperCase(), format.bytes(asset.size)].join(
                ' · ',
              ),
            ],
            [t('library.panel.created'), format.dateTime(asset.created_at)],
            [t('library.panel.product'), asset.product_id && <ProductName id={asset.product_id} />],
          ]}
        />
        {canWrite ? (
          <div className="mt-2 -ml-1.5">
            <Rating value={asset.rating} onChange={onRate} />
          </div>
        ) : null}
        <div className="mt-2 flex flex-wrap items-center gap-1.5">
          {asset.tags.map((tag) => (
            <Link
              key={tag}
              to="/library"
              search={{ tag }}
              className="inline-flex h-6 items-center rounded-full bg-surface-2 px-2.5 text-12 hover:bg-surface-3"
            >
              {tag}
            </Link>
          ))}
          {canWrite && (
            <Button look="ghost" height="dense" icon={Tag} onClick={onTag}>
              {t('library.command.tag')}
            </Button>
          )}
        </div>
      </Section>
      {asset.label && (
        <Section title={t('library.panel.label.title')}>
          <p className="mb-2">
            <Badge tone="accent">
              <Sparkle size={12} aria-hidden />
              {t('library.panel.label.made')}
            </Badge>
          </p>
          <Facts
            rows={[
              [t('library.panel.label.source'), asset.label.source_type],
              [t('library.panel.label.system'), asset.label.system],
              [t('library.panel.label.date'), format.dateTime(asset.label.created_at)],
            ]}
          />
        </Section>
      )}
    </div>
  );
}

/** Zero, nothing and "auto" are what nobody chose: the model did as it does. */
function isChosen(value: unknown): boolean {
  return typeof value !== 'object' && value !== '' && value !== 0 && value !== 'auto';
}

function RecipeView({ recipe }: { recipe: Recipe }) {
  const t = useT();
  const format = useFormat();
  const references = useQueries({ queries: recipe.references.map((id) => assetQuery(id)) });
  const roles = rolesOf(recipe.parameters);
  const { data: operations } = useQuery(operationsQuery);
  const { data: models } = useQuery(modelsQuery);
  const operation = operations?.find((one) => one.name === recipe.operation);
  const nameOf = (name: string) => {
    const parameter =
      operation?.parameters.find((one) => one.name === name) ?? findOption(models, name);
    return parameter ? pickLanguage(parameter.label_en, parameter.label_zh, format.language) : name;
  };
  const known = ['prompt', 'negative_prompt', 'model', 'width', 'height', 'seed', 'n'];
  const parameters = flatParameters(recipe.parameters).filter(
    ([name, value]) => !known.includes(name) && isChosen(value),
  );
  const isRevised = recipe.revised_prompt && recipe.revised_prompt !== recipe.prompt;
  return (
    <>
      <Section title={t('library.panel.prompt')} aside={<CopyButton text={recipe.prompt} />}>
        <Text text={recipe.prompt} />
        {recipe.negative_prompt && (
          <>
            <h4 className="mt-3 mb-1 text-12 text-fg-3">{t('library.panel.negative')}</h4>
            <Text text={recipe.negative_prompt} />
          </>
        )}
        {isRevised && (
          <details className="mt-3">
            <summary className="text-12 text-fg-3">{t('library.panel.revised')}</summary>
            <Text text={recipe.revised_prompt} />
          </details>
        )}
        {recipe.references.length > 0 && (
          <>
            <h4 className="mt-3 mb-1 text-12 text-fg-3">{t('library.panel.references')}</h4>
            <ul className="flex flex-wrap gap-1.5">
              {references.map((reference, index) => (
                <li key={recipe.references[index]} className="w-14">
                  {reference.data && (
                    <Link
                      to="/library/$asset"
                      params={{ asset: reference.data.id }}
                      aria-label={reference.data.name || t('library.picture')}
                      className="block size-14 overflow-hidden rounded-6 focus-on-picture"
                    >
                      <Picture asset={reference.data} sizes={56} alt="" />
                    </Link>
                  )}
                  {roles[index] && (
                    <span className="block truncate text-11 text-fg-3">
                      {t(`common.referenceRole.${roles[index]}`)}
                    </span>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
      </Section>
      <Section title={t('library.panel.recipe')}>
        <Facts
          rows={[
            [t('library.panel.model'), recipe.model],
            [t('library.panel.provider'), recipe.provider_name],
            [t('library.panel.seed'), recipe.seed === null ? '' : String(recipe.seed)],
            ...parameters.map(([name, value]): [string, string] => [
              nameOf(name),
              typeof value === 'number'
                ? format.number(value)
                : typeof value === 'boolean'
                  ? t(value ? 'library.compare.on' : 'library.compare.off')
                  : choiceText(String(value), t),
            ]),
            [t('library.panel.dropped'), recipe.dropped],
            [
              t('library.panel.cost'),
              recipe.cost_micro === null ? '' : format.money(recipe.cost_micro, recipe.currency),
            ],
            [t('library.panel.took'), recipe.took_ms > 0 ? format.duration(recipe.took_ms) : ''],
            [
              t('library.panel.finished'),
              recipe.finished_at ? format.dateTime(recipe.finished_at) : '',
            ],
            [t('library.panel.request'), recipe.request_id],
          ]}
        />
      </Section>
    </>
  );
}

function Section({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="border-line border-b px-4 py-3">
      <div className="mb-2 flex min-h-6 items-center justify-between">
        <h2 className="text-13 font-semibold">{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

function Text({ text }: { text: string }) {
  return (
    <p lang="" className="text-13 break-words whitespace-pre-wrap text-fg-2">
      {text}
    </p>
  );
}

/** What it was made for, also when that was deleted since. */
function ProductName({ id }: { id: string }) {
  const t = useT();
  const { data: product, error } = useQuery(productQuery(id));
  if (isStatus(error, 404)) return t('library.filter.productGone');
  if (!product) return '…';
  return (
    <Link
      to="/products/$product"
      params={{ product: id }}
      lang=""
      className="text-accent-text hover:underline"
    >
      {product.name}
    </Link>
  );
}

function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[minmax(5.5rem,auto)_1fr] gap-x-3 gap-y-1.5 text-13">
      {rows
        .filter(([, value]) => value !== '' && value !== null)
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-fg-3">{name}</dt>
            <dd className="min-w-0 break-words tabular-nums">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function CopyButton({ text }: { text: string }) {
  const t = useT();
  return (
    <IconButton
      icon={Copy}
      size="dense"
      label={t('common.copy')}
      onClick={() => void copyText(text).then((isDone) => isDone && showToast(t('common.copied')))}
    />
  );
}

function Name({
  asset,
  canWrite,
  onRename,
}: {
  asset: AssetDetail;
  canWrite: boolean;
  onRename: (name: string) => void;
}) {
  const t = useT();
  const [draft, setDraft] = useState<string | null>(null);
  if (draft === null) {
    return (
      <div className="mb-2 flex items-center gap-1">
        <span className="min-w-0 flex-1 truncate text-13 font-medium">{asset.name}</span>
        {canWrite && (
          <IconButton
            icon={Pencil}
            size="dense"
            label={t('library.panel.rename')}
            onClick={() => setDraft(asset.name)}
          />
        )}
      </div>
    );
  }
  const finish = () => {
    const name = draft.trim();
    setDraft(null);
    if (name && name !== asset.name) onRename(name);
  };
  return (
    <form
      className="mb-2"
      onSubmit={(event) => {
        event.preventDefault();
        finish();
      }}
    >
      <Field label={t('library.panel.rename')} isLabelHidden>
        <TextInput
          value={draft}
          maxLength={200}
          autoFocus
          onChange={(event) => setDraft(event.target.value)}
          onBlur={finish}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            event.stopPropagation();
            setDraft(null);
          }}
        />
      </Field>
    </form>
  );
}
