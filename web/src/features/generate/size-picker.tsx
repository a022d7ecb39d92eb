import clsx from 'clsx';
import { useState } from 'react';
import type { Model } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { onRadioKeys } from '~/ui/radio-keys';
import { Tip } from '~/ui/tip';
import {
  hasSize,
  nearestPixels,
  pixelClasses,
  ratioName,
  ratios,
  ratioValue,
  type Size,
  sizeFor,
  sizeList,
  sizeShapes,
  sizesShownMax,
  wholePixels,
} from './model';

// The shape is there at once, the list of its sizes follows.
const Select = late(
  () => import('~/ui/select').then((file) => file.Select),
  () => <div className="h-8 max-md:h-11" />,
);
Select.load().catch(() => undefined); // most models have one; it says itself when it is missing
const CustomSize = late(() => import('./custom-size').then((file) => file.CustomSize));

function Shape({ ratio }: { ratio: number }) {
  const long = 18;
  const width = ratio >= 1 ? long : long * ratio;
  const height = ratio >= 1 ? long / ratio : long;
  return (
    <span
      aria-hidden
      className="block rounded-[2px] border-[1.5px] border-current"
      style={{ width, height }}
    />
  );
}

/** The shape first, then how many pixels; a model with a list offers its list. */
export function SizePicker({
  size,
  wanted,
  model,
  onChange,
}: {
  size: Size | null;
  wanted: Size | null;
  model: Model;
  onChange: (size: Size) => void;
}) {
  const t = useT();
  const format = useFormat();
  const [isCustom, setCustom] = useState(false);
  if (!hasSize(model) || !size) {
    return <p className="text-12 text-fg-3">{t('generate.size.auto', { model: model.label })}</p>;
  }
  const list = sizeList(model);
  const pixels = wholePixels(size);
  const text = (one: Size) => `${one.width} × ${one.height}`;
  const isLong = list.length > sizesShownMax;
  const shapes = isLong ? sizeShapes(list) : [];
  const isSame = (one: Size) => one.width === size.width && one.height === size.height;
  const shape = shapes.find((one) => one.sizes.some(isSame));
  const choices: { name: string; size: Size }[] = isLong
    ? shapes.map(({ name, sizes }) => ({ name, size: nearestPixels(sizes, pixels) ?? size }))
    : list.length
      ? list.map((one) => ({ name: ratioName(one) || text(one), size: one }))
      : ratios.map((ratio) => ({ name: ratio, size: sizeFor(ratioValue(ratio), pixels, model) }));
  const chosen = (one: Size) =>
    isLong
      ? shape?.sizes.includes(one) === true
      : list.length
        ? isSame(one)
        : ratioName(one) === ratioName(size) && ratioName(size) !== '';
  const at = choices.findIndex((choice) => chosen(choice.size));
  const isChanged =
    wanted !== null && (wanted.width !== size.width || wanted.height !== size.height);
  const classes = pixelClasses.map((area) => sizeFor(size.width / size.height, area, model));
  const offered = [...classes, size]
    .filter((one, index, all) => all.findIndex((other) => text(other) === text(one)) === index)
    .sort((one, other) => one.width * one.height - other.width * other.height);
  return (
    <div className="flex flex-col gap-2">
      <div>
        <div className="mb-1 flex items-center justify-between">
          <h2 className="text-13 font-medium" id="size-label">
            {t('generate.size.label')}
          </h2>
          <span className="text-12 text-fg-3 tabular-nums">{text(size)}</span>
        </div>
        <div
          role="radiogroup"
          aria-labelledby="size-label"
          onKeyDown={onRadioKeys}
          className="grid grid-cols-7 gap-1"
        >
          {choices.map((choice, index) => (
            // A shape stays the same one while its pixels change.
            <Tip
              key={list.length > 0 && !isLong ? text(choice.size) : choice.name}
              text={text(choice.size)}
            >
              <button
                type="button"
                role="radio"
                aria-checked={index === at}
                tabIndex={index === Math.max(at, 0) ? 0 : -1}
                aria-label={`${choice.name}, ${text(choice.size)}`}
                onClick={() => onChange(choice.size)}
                className={clsx(
                  'flex h-13 flex-col items-center justify-end gap-1 rounded-8 pb-1 text-11 tabular-nums transition-colors duration-100',
                  index === at
                    ? 'bg-accent-soft text-accent-text outline-2 outline-accent -outline-offset-2 outline'
                    : 'bg-surface-2 text-fg-2 hover:bg-surface-3 hover:text-fg',
                )}
              >
                <span className="flex flex-1 items-center">
                  <Shape ratio={choice.size.width / choice.size.height} />
                </span>
                <span className={clsx(choice.name.length > 5 && 'sr-only')}>{choice.name}</span>
              </button>
            </Tip>
          ))}
        </div>
      </div>
      {shape && shape.sizes.length > 1 && (
        <Select
          label={t('generate.size.pixels')}
          value={text(size)}
          onChange={(value) => {
            const next = shape.sizes.find((one) => text(one) === value);
            if (next) onChange(next);
          }}
          options={shape.sizes.map((one) => ({
            value: text(one),
            label: text(one),
            detail: t('generate.size.mega', {
              value: format.pixels(one.width * one.height),
            }),
          }))}
        />
      )}
      {list.length === 0 && (
        <Select
          label={t('generate.size.pixels')}
          value={isCustom ? 'custom' : text(size)}
          onChange={(value) => {
            const next = offered.find((one) => text(one) === value);
            setCustom(!next);
            if (next) onChange(next);
          }}
          options={[
            ...offered.map((one) => ({
              value: text(one),
              label: t('generate.size.mega', {
                value: format.pixels(one.width * one.height),
              }),
              detail: text(one),
            })),
            { value: 'custom', label: t('generate.size.custom') },
          ]}
        />
      )}
      {list.length === 0 && isCustom && (
        <CustomSize size={size} model={model} onChange={onChange} />
      )}
      {isChanged && (
        <p className="text-12 text-fg-3">
          {t('generate.size.changed', { model: model.label, size: text(size) })}
        </p>
      )}
    </div>
  );
}
