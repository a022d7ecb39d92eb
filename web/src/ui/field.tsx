import { Field as Base } from '@base-ui/react/field';
import { NumberField as BaseNumber } from '@base-ui/react/number-field';
import clsx from 'clsx';
import { CircleAlert, Eye, EyeOff, Minus, Plus } from 'lucide-react';
import { type ComponentProps, type ReactNode, useState } from 'react';
import { useT } from '~/lib/i18n';
import { IconButton } from './button';

const box =
  'w-full rounded-8 border border-line-ctl bg-surface text-14 text-fg transition-colors duration-100 hover:border-fg-2 focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-accent focus-visible:border-accent data-invalid:border-bad disabled:opacity-50';

interface FieldProps {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  /** beside the label, at the right */
  aside?: ReactNode;
  isLabelHidden?: boolean;
  /** the control is no native input: the label must not be one of the browser's either */
  isCustom?: boolean;
  className?: string;
  children: ReactNode;
}

/** Label above, help below; an error takes the place of the help. */
export function Field({
  label,
  help,
  error,
  aside,
  isLabelHidden,
  isCustom,
  className,
  children,
}: FieldProps) {
  return (
    <Base.Root invalid={Boolean(error)} className={clsx('flex min-w-0 flex-col gap-1', className)}>
      <div
        className={clsx(
          'flex min-h-5 items-center justify-between gap-2',
          isLabelHidden && 'sr-only',
        )}
      >
        <Base.Label
          className="text-13 font-medium text-fg"
          {...(isCustom ? { nativeLabel: false, render: <div /> } : {})}
        >
          {label}
        </Base.Label>
        {aside}
      </div>
      {children}
      {help && !error && <Base.Description className="text-12 text-fg-3">{help}</Base.Description>}
      {error && (
        <Base.Error match={true} className="flex items-start gap-1 text-12 text-bad">
          <CircleAlert size={14} className="mt-px shrink-0" aria-hidden />
          {error}
        </Base.Error>
      )}
    </Base.Root>
  );
}

type ControlProps = ComponentProps<typeof Base.Control>;

export function TextInput({ className, ...rest }: ControlProps) {
  return <Base.Control {...rest} className={clsx(box, 'h-8 px-2.5 max-md:h-11', className)} />;
}

export function TextArea({
  className,
  rows = 4,
  ...rest
}: Omit<ControlProps, 'render'> & { rows?: number }) {
  return (
    <Base.Control
      {...rest}
      render={<textarea rows={rows} />}
      className={clsx(box, 'resize-none px-2.5 py-2', className)}
    />
  );
}

/** A secret being typed: hidden, with a way to look. */
export function SecretInput({ className, ...rest }: ControlProps) {
  const t = useT();
  const [isShown, setShown] = useState(false);
  return (
    <div className="relative">
      <Base.Control
        {...rest}
        type={isShown ? 'text' : 'password'}
        spellCheck={false}
        className={clsx(box, 'h-8 pr-9 pl-2.5 max-md:h-11 max-md:pr-12', className)}
      />
      <IconButton
        icon={isShown ? EyeOff : Eye}
        label={t(isShown ? 'common.secret.hide' : 'common.secret.show')}
        size="dense"
        className="absolute top-0.5 right-0.5 max-md:top-0 max-md:right-0"
        onClick={() => setShown(!isShown)}
      />
    </div>
  );
}

interface NumberInputProps {
  value: number | null;
  onChange: (value: number | null) => void;
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
    'flex w-7 shrink-0 items-center justify-center text-fg-3 hover:bg-surface-2 hover:text-fg max-md:w-11 data-disabled:opacity-40';
  return (
    <BaseNumber.Root
      value={value}
      onValueChange={(next) => onChange(next)}
      min={min}
      max={max}
      step={step}
      format={{ useGrouping: isGrouped, maximumFractionDigits: digits }}
      className={className}
    >
      <BaseNumber.Group className="flex h-8 w-full overflow-hidden rounded-8 border border-line-ctl bg-surface transition-colors duration-100 focus-within:border-accent focus-within:outline-2 focus-within:outline-accent hover:border-fg-2 data-invalid:border-bad max-md:h-11">
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
