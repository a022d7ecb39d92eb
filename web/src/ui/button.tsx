import clsx from 'clsx';
import { LoaderCircle, type LucideIcon } from 'lucide-react';
import type { ComponentProps } from 'react';
import { Tip } from './tip';

type Look = 'ink' | 'outline' | 'ghost' | 'danger' | 'danger-ghost';
type Height = 'dense' | 'normal' | 'primary';

const looks: Record<Look, string> = {
  ink: 'bg-ink text-ink-fg hover:bg-ink-hover',
  outline: 'border border-line-ctl/60 bg-surface text-fg hover:bg-surface-2 active:bg-surface-3',
  ghost: 'text-fg-2 hover:bg-surface-2 hover:text-fg active:bg-surface-3',
  danger: 'bg-bad-solid text-solid-fg hover:bg-bad-solid-hover',
  'danger-ghost': 'text-bad hover:bg-bad-soft',
};

const heights: Record<Height, string> = {
  dense: 'h-7 px-2 text-12 gap-1.5 touch:h-11 touch:min-w-11',
  normal: 'h-8 px-3 text-13 gap-2 touch:h-11 touch:min-w-11',
  primary: 'h-9 px-4 text-14 gap-2 touch:h-11',
};

export function buttonClass(look: Look, height: Height = 'normal'): string {
  return clsx(
    'inline-flex shrink-0 select-none items-center justify-center rounded-8 font-medium whitespace-nowrap transition-colors duration-100',
    'aria-disabled:opacity-45 aria-disabled:pointer-events-none',
    looks[look],
    heights[height],
  );
}

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look;
  height?: Height;
  icon?: LucideIcon;
  /** keeps width and focus, shows a spinner, ignores repeats */
  isPending?: boolean;
  /** disabled and why, shown as a tip; the button stays focusable */
  whyNot?: string;
  /** pressed in spite of it: a finger sees no tip */
  onRefused?: () => void;
}

export function Button({
  look = 'outline',
  height = 'normal',
  icon: Icon,
  isPending = false,
  whyNot,
  onRefused,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  const isOff = isPending || Boolean(whyNot);
  const button = (
    <button
      {...rest}
      type={type}
      aria-disabled={whyNot ? true : undefined}
      aria-busy={isPending || undefined}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else onClick?.(event);
        if (whyNot) onRefused?.();
      }}
      className={clsx(
        buttonClass(look, height),
        whyNot && '!pointer-events-auto',
        'relative',
        className,
      )}
    >
      {Icon && (
        <Icon size={16} strokeWidth={1.75} aria-hidden className={clsx(isPending && 'opacity-0')} />
      )}
      <span className={clsx('inline-flex items-center gap-2', isPending && 'opacity-0')}>
        {children}
      </span>
      {isPending && (
        <LoaderCircle
          size={16}
          aria-hidden
          className="absolute animate-[spin_800ms_linear_infinite]"
        />
      )}
    </button>
  );
  return whyNot ? <Tip text={whyNot}>{button}</Tip> : button;
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'aria-label'> {
  icon: LucideIcon;
  label: string;
  keys?: string;
  look?: 'ghost' | 'picture' | 'danger-ghost' | 'outline';
  size?: 'dense' | 'normal';
  isActive?: boolean;
  isFilled?: boolean;
  whyNot?: string;
}

const iconLooks = {
  ghost: 'text-fg-2 hover:bg-surface-3/70 hover:text-fg',
  outline: 'border border-line-ctl/60 bg-surface text-fg-2 hover:bg-surface-2 hover:text-fg',
  'danger-ghost': 'text-fg-2 hover:bg-bad-soft hover:text-bad',
  picture: 'bg-picture-scrim text-picture-fg hover:bg-picture-scrim-strong focus-on-picture',
};

/** An icon alone: always with a tip and a name. */
export function IconButton({
  icon: Icon,
  label,
  keys,
  look = 'ghost',
  size = 'normal',
  isActive,
  isFilled,
  whyNot,
  className,
  onClick,
  type = 'button',
  ...rest
}: IconButtonProps) {
  return (
    <Tip text={whyNot ?? label} keys={whyNot ? undefined : keys}>
      <button
        {...rest}
        type={type}
        aria-label={label}
        aria-pressed={isActive}
        aria-disabled={whyNot ? true : undefined}
        onClick={(event) => {
          if (whyNot) event.preventDefault();
          else onClick?.(event);
        }}
        className={clsx(
          'inline-flex shrink-0 items-center justify-center rounded-8 transition-colors duration-100 aria-disabled:opacity-45',
          size === 'dense' ? 'size-7' : 'size-8',
          look !== 'picture' && 'touch:size-11',
          look === 'picture' && 'touch:size-11',
          iconLooks[look],
          isActive && look !== 'picture' && 'bg-accent-soft !text-accent-text',
          className,
        )}
      >
        <Icon size={16} strokeWidth={1.75} aria-hidden fill={isFilled ? 'currentColor' : 'none'} />
      </button>
    </Tip>
  );
}

/** Of what shows a choice and opens the list of it. */
export const selectTrigger =
  'flex w-full min-w-0 items-center justify-between gap-2 rounded-8 border border-line-ctl bg-surface pr-2 pl-2.5 text-left text-fg transition-colors duration-100 hover:border-fg-2 data-popup-open:border-accent touch:h-11';
