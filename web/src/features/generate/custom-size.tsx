import { useState } from 'react';
import type { Model } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Field } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { isSizeAllowed, type Size } from './model';

export function CustomSize({
  size,
  model,
  onChange,
}: {
  size: Size;
  model: Model;
  onChange: (size: Size) => void;
}) {
  const t = useT();
  const [typed, setTyped] = useState(size);
  const isFine = isSizeAllowed(typed, model);
  const put = (next: Size) => {
    setTyped(next);
    if (isSizeAllowed(next, model)) onChange(next);
  };
  return (
    <div className="grid grid-cols-2 gap-2">
      <Field
        label={t('generate.size.width')}
        error={
          isFine
            ? ''
            : t('generate.size.bounds', {
                min: model.side_px_min,
                max: model.side_px_max,
                step: model.side_px_step,
              })
        }
      >
        <NumberInput
          value={typed.width}
          min={model.side_px_min}
          max={model.side_px_max}
          step={Math.max(1, model.side_px_step)}
          onChange={(width) => width && put({ ...typed, width })}
        />
      </Field>
      <Field label={t('generate.size.height')}>
        <NumberInput
          value={typed.height}
          min={model.side_px_min}
          max={model.side_px_max}
          step={Math.max(1, model.side_px_step)}
          onChange={(height) => height && put({ ...typed, height })}
        />
      </Field>
    </div>
  );
}
