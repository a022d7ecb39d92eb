import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import type { Model, ModelPrice } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { Field, TextInput } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Popover } from '~/ui/popover';
import { Select } from '~/ui/select';
import {
  draftPrice,
  type PriceDraft,
  type PriceRow,
  priceDraft,
  priceFault,
  priceRules,
} from './model';

const rowsMax = 20;

/** What the model costs and whose word that is; opened, the house gives it a price of its own. */
export function ModelPriceButton({
  model,
  onChange,
}: {
  model: Model;
  onChange: (price: ModelPrice | null) => void;
}) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const said = usePrice(model);
  return (
    <Popover
      title={t('settings.models.priceOf', { name: model.label || model.name })}
      isOpen={isOpen}
      onOpenChange={setOpen}
      className="w-104"
      trigger={
        <button
          type="button"
          data-price
          aria-label={`${t('settings.models.priceOf', { name: model.label || model.name })}: ${said}`}
          className="min-h-7 rounded-6 px-2 text-right text-12 text-fg-2 tabular-nums hover:bg-surface-2 touch:min-h-11"
        >
          {said}
          {model.has_own_price && (
            <span className="block text-11 text-fg-3">{t('settings.price.own')}</span>
          )}
        </button>
      }
    >
      <PriceForm
        model={model}
        onSave={(price) => {
          setOpen(false);
          onChange(price);
        }}
      />
    </Popover>
  );
}

function usePrice(model: Model): string {
  const t = useT();
  const format = useFormat();
  const percent = model.own_price?.rule === 'percent' ? model.own_price.percent : undefined;
  const price =
    model.price_micro >= 0
      ? model.price_micro === 0
        ? t('settings.price.free')
        : format.money(model.price_micro, model.currency)
      : model.out_micro > 0
        ? t('settings.price.tokens', {
            read: format.money(model.text_in_micro, model.currency),
            written: format.money(model.out_micro, model.currency),
          })
        : t('settings.models.noPrice');
  return percent ? t('settings.price.share', { percent, price }) : price;
}

function PriceForm({
  model,
  onSave,
}: {
  model: Model;
  onSave: (price: ModelPrice | null) => void;
}) {
  const t = useT();
  const format = useFormat();
  const [draft, setDraft] = useState(() => priceDraft(model));
  const change = (part: Partial<PriceDraft>) => setDraft({ ...draft, ...part });
  const fault = priceFault(draft);
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (!fault) onSave(draftPrice(draft));
      }}
    >
      <p className="text-12 text-fg-2">
        {model.has_own_price
          ? t('settings.price.fromHouse')
          : model.price_as_of
            ? t('settings.price.fromList', { day: format.day(model.price_as_of) })
            : t('settings.price.unknown')}
      </p>
      <Field label={t('settings.price.rule')} isCustom help={t(`settings.price.${draft.rule}Help`)}>
        <Select
          value={draft.rule}
          onChange={(rule) => change({ rule })}
          options={priceRules
            .filter((rule) => rule !== 'percent' || model.is_known)
            .map((rule) => ({ value: rule, label: t(`settings.price.rule.${rule}`) }))}
        />
      </Field>
      {draft.rule === 'percent' && (
        <Field label={t('settings.price.percent')}>
          <NumberInput
            value={draft.percent}
            onChange={(percent) => change({ percent })}
            min={1}
            max={1000}
            unit="%"
          />
        </Field>
      )}
      {(draft.rule === 'pictures' || draft.rule === 'tokens') && (
        <Field label={t('settings.budgets.currency')}>
          <TextInput
            value={draft.currency}
            maxLength={3}
            spellCheck={false}
            onChange={(event) => change({ currency: event.target.value.toUpperCase() })}
          />
        </Field>
      )}
      {draft.rule === 'pictures' && (
        <Rows model={model} rows={draft.rows} onChange={(rows) => change({ rows })} />
      )}
      {draft.rule === 'tokens' && <Rates draft={draft} onChange={change} />}
      {fault && (
        <p role="status" className="text-12 text-fg-2">
          {t(`settings.price.wrong.${fault}`)}
        </p>
      )}
      <Button look="ink" type="submit" whyNot={fault ? t(`settings.price.wrong.${fault}`) : ''}>
        {t('common.save')}
      </Button>
    </form>
  );
}

function Rates({
  draft,
  onChange,
}: {
  draft: PriceDraft;
  onChange: (part: Partial<PriceDraft>) => void;
}) {
  const t = useT();
  return (
    <div className="grid grid-cols-2 gap-3">
      {(['textIn', 'imageIn', 'cachedIn', 'out'] as const).map((name) => (
        <Field key={name} label={t(`settings.price.${name}`)}>
          <NumberInput
            value={draft[name]}
            onChange={(value) => onChange({ [name]: value })}
            min={0}
            max={1000}
            step={0.1}
            digits={6}
          />
        </Field>
      ))}
    </div>
  );
}

function Rows({
  model,
  rows,
  onChange,
}: {
  model: Model;
  rows: PriceRow[];
  onChange: (rows: PriceRow[]) => void;
}) {
  const t = useT();
  const set = (index: number, part: Partial<PriceRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...part } : row)));
  return (
    <div>
      <ul className="flex flex-col gap-2">
        {rows.map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place, nothing else names it
          <li key={index} className="flex items-end gap-2 max-md:flex-wrap">
            {model.qualities.length > 0 && (
              <Field
                label={t('settings.price.quality')}
                isCustom
                className="flex-1 max-md:min-w-32"
              >
                <Select
                  value={row.quality || 'any'}
                  onChange={(quality) => set(index, { quality: quality === 'any' ? '' : quality })}
                  options={[
                    { value: 'any', label: t('settings.price.any') },
                    ...model.qualities.map((one) => ({ value: one, label: one })),
                  ]}
                />
              </Field>
            )}
            <Field label={t('settings.price.upTo')} className="flex-1 max-md:min-w-32">
              <NumberInput
                value={row.megapixels}
                onChange={(megapixels) => set(index, { megapixels })}
                min={0}
                max={1000}
                digits={2}
                placeholder={t('settings.price.any')}
              />
            </Field>
            <Field label={t('settings.price.each')} className="flex-1 max-md:min-w-32">
              <NumberInput
                value={row.price}
                onChange={(price) => set(index, { price })}
                min={0}
                max={1000000}
                step={0.01}
                digits={6}
              />
            </Field>
            {rows.length > 1 && (
              <IconButton
                icon={X}
                label={t('settings.price.removeRow')}
                onClick={() => onChange(rows.filter((_, at) => at !== index))}
              />
            )}
          </li>
        ))}
      </ul>
      {rows.length < rowsMax && (
        <Button
          icon={Plus}
          look="ghost"
          className="mt-2"
          onClick={() => onChange([...rows, { quality: '', megapixels: null, price: null }])}
        >
          {t('settings.price.addRow')}
        </Button>
      )}
    </div>
  );
}
