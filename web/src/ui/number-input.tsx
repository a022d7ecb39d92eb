import { NumberField as BaseNumber } from '@base-ui/react/number-field';
import { Minus, Plus } from 'lucide-react';
import { useT } from '~/lib/i18n';

interface NumberInputProps {
  value: number | null;
  onChange: (value: number | null) => void;
  /** when it is left or a button let go, not at each digit */
  onCommit?: (value: number | null) => void;
  min?: number;
  max?: number;
  step?: number;
  placeholder?: string;
  isGrouped?: boolean;
  unit?: string;
  /** decimal places kept */
  digits?: number;
  className?: string;
}

export function NumberInput({
  value,
  onChange,
  onCommit,
  min,
  max,
  step = 1,
  placeholder,
  isGrouped = false,
  unit,
  digits = 0,
  className,
}: NumberInputProps) {
  const t = useT();
  const side =
    'flex w-7 shrink-0 items-center justify-center text-fg-3 hover:bg-surface-2 hover:text-fg touch:w-11 data-disabled:opacity-40';
  return (
    <BaseNumber.Root
      value={value}
      onValueChange={(next) => onChange(next)}
      onValueCommitted={(next) => onCommit?.(next)}
      min={min}
      max={max}
      step={step}
      format={{ useGrouping: isGrouped, maximumFractionDigits: digits }}
      className={className}
    >
      <BaseNumber.Group className="flex h-8 w-full overflow-hidden rounded-8 border border-line-ctl bg-surface transition-colors duration-100 focus-within:border-accent focus-within:outline-2 focus-within:outline-accent hover:border-fg-2 data-invalid:border-bad touch:h-11">
        <BaseNumber.Input
          placeholder={placeholder}
          className="w-full min-w-0 flex-1 bg-transparent pl-2.5 text-14 tabular-nums outline-none"
        />
        {unit && <span className="self-center pr-1 text-12 text-fg-3">{unit}</span>}
        <BaseNumber.Decrement className={side} aria-label={t('common.number.less')}>
          <Minus size={14} aria-hidden />
        </BaseNumber.Decrement>
        <BaseNumber.Increment className={side} aria-label={t('common.number.more')}>
          <Plus size={14} aria-hidden />
        </BaseNumber.Increment>
      </BaseNumber.Group>
    </BaseNumber.Root>
  );
}
