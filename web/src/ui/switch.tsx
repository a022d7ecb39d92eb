import { Checkbox as BaseCheckbox } from '@base-ui/react/checkbox';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import clsx from 'clsx';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';

/** On or off, at once. The row is the target. */
export function Switch({
  isOn,
  onChange,
  label,
  help,
  isDisabled,
  isLabelHidden = false,
}: {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  label: string;
  help?: ReactNode;
  isDisabled?: boolean;
  isLabelHidden?: boolean;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the switch within is the control
    <label
      className={clsx(
        'flex min-h-8 justify-between gap-3 touch:min-h-11',
        isLabelHidden ? 'items-center' : 'items-start',
      )}
    >
      <span className={isLabelHidden ? 'sr-only' : 'flex flex-col'}>
        <span className="text-13 font-medium">{label}</span>
        {help && <span className="text-12 text-fg-3">{help}</span>}
      </span>
      <BaseSwitch.Root
        checked={isOn}
        onCheckedChange={onChange}
        disabled={isDisabled}
        className="mt-0.5 flex h-5 w-9 shrink-0 rounded-full bg-line-ctl p-0.5 transition-colors duration-200 data-checked:bg-accent data-disabled:opacity-50"
      >
        <BaseSwitch.Thumb className="size-4 rounded-full bg-solid-fg shadow-1 transition-transform duration-200 ease-out data-checked:translate-x-4" />
      </BaseSwitch.Root>
    </label>
  );
}

export function Checkbox({
  isOn,
  onChange,
  label,
  help,
}: {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  label: string;
  help?: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the box within is the control
    <label className="flex min-h-8 items-start gap-2.5 py-1 touch:min-h-11">
      <BaseCheckbox.Root
        checked={isOn}
        onCheckedChange={onChange}
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-4 border border-line-ctl bg-surface data-checked:border-accent data-checked:bg-accent"
      >
        <BaseCheckbox.Indicator className="text-accent-fg">
          <Check size={12} strokeWidth={2.5} aria-hidden />
        </BaseCheckbox.Indicator>
      </BaseCheckbox.Root>
      <span className="flex flex-col">
        <span className="text-13">{label}</span>
        {help && <span className="text-12 text-fg-3">{help}</span>}
      </span>
    </label>
  );
}
