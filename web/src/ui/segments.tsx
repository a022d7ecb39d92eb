import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import clsx from 'clsx';
import type { ReactNode } from 'react';

/** Two to five choices side by side; one is always chosen. */
export function Segments<T extends string>({
  value,
  onChange,
  options,
  label,
  className,
}: {
  value: T;
  onChange: (value: T) => void;
  options: readonly { value: T; label: ReactNode; name?: string }[];
  label: string;
  className?: string;
}) {
  return (
    <ToggleGroup
      value={[value]}
      onValueChange={(next) => next[0] !== undefined && onChange(next[0] as T)}
      aria-label={label}
      className={clsx(
        'flex h-8 rounded-8 bg-surface-3 p-0.5 dark:bg-surface-2 touch:h-12',
        className,
      )}
    >
      {options.map((option) => (
        <Toggle
          key={option.value}
          value={option.value}
          aria-label={option.name}
          className="flex min-w-8 flex-auto touch:min-w-11 items-center justify-center gap-1.5 rounded-6 px-2.5 text-13 whitespace-nowrap font-medium text-fg-2 tabular-nums transition-colors duration-100 hover:text-fg data-pressed:bg-surface data-pressed:text-fg data-pressed:shadow-1 dark:data-pressed:bg-surface-3"
        >
          {option.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
