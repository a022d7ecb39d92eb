import { Field as Base } from '@base-ui/react/field';
import clsx from 'clsx';
import { CircleAlert, Eye, EyeOff } from 'lucide-react';
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

/** What a field's label and help speak of where none of the inputs below is. */
export const FieldControl = Base.Control;

type ControlProps = ComponentProps<typeof Base.Control>;

export function TextInput({ className, ...rest }: ControlProps) {
  return <Base.Control {...rest} className={clsx(box, 'h-8 px-2.5 touch:h-11', className)} />;
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
        className={clsx(box, 'h-8 pr-9 pl-2.5 touch:h-11 max-md:pr-12', className)}
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
