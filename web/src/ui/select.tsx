import { Select as Base } from '@base-ui/react/select';
import clsx from 'clsx';
import { Check, ChevronsUpDown } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { selectTrigger } from './button';

export interface Option<T extends string> {
  value: T;
  label: string;
  /** second line or right side in the list */
  detail?: ReactNode;
  whyNot?: string;
  /** a heading above the first of its group; those of one group stand together */
  group?: string;
}

/** A choice above five; its list opens at the field. */
export function Select<T extends string>({
  value,
  onChange,
  options,
  label,
  placeholder,
  height = 'normal',
  className,
}: {
  value: T | null;
  onChange: (value: T) => void;
  options: readonly Option<T>[];
  /** its name where no field label stands above */
  label?: string;
  placeholder?: string;
  height?: 'dense' | 'normal';
  className?: string;
}) {
  return (
    <Base.Root
      items={options.map(({ value: id, label: text }) => ({ value: id, label: text }))}
      value={value}
      onValueChange={(next) => next !== null && onChange(next as T)}
    >
      <Base.Trigger
        aria-label={label}
        className={clsx(
          selectTrigger,
          height === 'dense' ? 'h-7 text-12' : 'h-8 text-14',
          className,
        )}
      >
        <span className="min-w-0 flex-1 truncate">
          <Base.Value placeholder={placeholder} />
        </span>
        <Base.Icon>
          <ChevronsUpDown size={14} className="text-fg-3" aria-hidden />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50 outline-none">
          <Base.Popup className="popup max-h-[min(24rem,var(--available-height))] min-w-[max(var(--anchor-width),9rem)] max-w-[min(26rem,calc(100vw-1rem))] overflow-y-auto p-1">
            <Base.List>
              {options.map((option, index) => (
                <Fragment key={option.value}>
                  {option.group && option.group !== options[index - 1]?.group && (
                    <div
                      role="presentation"
                      className="truncate px-2 pt-2 pb-1 text-12 font-medium text-fg-3"
                    >
                      {option.group}
                    </div>
                  )}
                  <Base.Item
                    value={option.value}
                    label={option.label}
                    disabled={Boolean(option.whyNot)}
                    className="flex min-h-8 select-none items-center gap-2 rounded-6 py-1 pr-3 pl-2 text-13 outline-none data-disabled:opacity-50 data-highlighted:bg-surface-2 touch:min-h-11"
                  >
                    <span className="flex w-4 shrink-0 justify-center">
                      <Base.ItemIndicator>
                        <Check size={14} className="text-accent-text" aria-hidden />
                      </Base.ItemIndicator>
                    </span>
                    <span className="min-w-0 flex-1">
                      <Base.ItemText>{option.label}</Base.ItemText>
                      {(option.whyNot || option.detail) && (
                        <span className="block text-12 text-fg-3">
                          {option.whyNot ?? option.detail}
                        </span>
                      )}
                    </span>
                  </Base.Item>
                </Fragment>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
