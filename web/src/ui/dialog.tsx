import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog as Base } from '@base-ui/react/dialog';
import clsx from 'clsx';
import { X } from 'lucide-react';
import { type ReactNode, type RefObject, useState } from 'react';
import { useT } from '~/lib/i18n';
import { Button, IconButton } from './button';
import { Field, TextInput } from './field';

const backdrop =
  'fixed inset-0 z-50 bg-scrim transition-opacity duration-[280ms] data-ending-style:opacity-0 data-ending-style:duration-200 data-starting-style:opacity-0';
const centred =
  'fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-12 bg-surface shadow-3 outline-none transition-[opacity,scale] duration-[280ms] ease-out data-ending-style:scale-[.98] data-ending-style:opacity-0 data-ending-style:duration-200 data-starting-style:scale-[.97] data-starting-style:opacity-0 motion-reduce:data-starting-style:scale-100';

interface DialogProps {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  /** a sentence under the title */
  about?: ReactNode;
  children: ReactNode;
  /** buttons, the primary one last */
  foot?: ReactNode;
  width?: 'narrow' | 'wide';
  /** closing by Esc or beside it would lose text */
  isSticky?: boolean;
  focusFirst?: RefObject<HTMLElement | null>;
}

export function Dialog({
  isOpen,
  onClose,
  title,
  about,
  children,
  foot,
  width = 'narrow',
  isSticky = false,
  focusFirst,
}: DialogProps) {
  const t = useT();
  return (
    <Base.Root
      open={isOpen}
      onOpenChange={(open, details) => {
        if (open) return;
        if (isSticky && details.reason !== 'close-press') return;
        onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup
          initialFocus={focusFirst}
          className={clsx(centred, width === 'wide' ? 'max-w-3xl' : 'max-w-md')}
        >
          <div className="px-5 pt-4 pr-12 pb-3">
            <Base.Title className="text-16 font-semibold">{title}</Base.Title>
            {about && (
              <Base.Description className="mt-1 text-13 text-fg-2">{about}</Base.Description>
            )}
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-5">{children}</div>
          {foot && (
            <div className="flex flex-wrap justify-end gap-2 border-line border-t px-5 py-3">
              {foot}
            </div>
          )}
          {/* Last in order, so that focus begins in the form. */}
          <Base.Close
            render={
              <IconButton
                icon={X}
                label={t('common.close')}
                size="dense"
                className="absolute top-3.5 right-3.5 max-md:top-1.5 max-md:right-1.5"
              />
            }
          />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** A panel from the right, or from below on a phone. */
export function Sheet({
  isOpen,
  onClose,
  title,
  side = 'right',
  children,
}: {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  side?: 'right' | 'bottom';
  children: ReactNode;
}) {
  const t = useT();
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdrop} />
        <Base.Popup
          className={clsx(
            'fixed z-50 flex flex-col bg-surface shadow-3 outline-none transition-[transform,opacity] duration-[240ms] ease-out data-ending-style:duration-[180ms] motion-reduce:data-starting-style:transform-none',
            side === 'right' &&
              'inset-y-0 right-0 w-80 max-w-[90vw] data-ending-style:translate-x-full data-starting-style:translate-x-full',
            side === 'bottom' &&
              'inset-x-0 bottom-0 max-h-[88dvh] rounded-t-12 pb-[env(safe-area-inset-bottom)] data-ending-style:translate-y-full data-starting-style:translate-y-full',
          )}
        >
          <div className="flex h-12 shrink-0 items-center justify-between border-line border-b pr-2 pl-4">
            <Base.Title className="text-14 font-semibold">{title}</Base.Title>
            <Base.Close render={<IconButton icon={X} label={t('common.close')} />} />
          </div>
          <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** A decision that cannot be undone; a dangerous one asks for the thing's name, not for "OK". */
export function ConfirmDialog({
  isOpen,
  onClose,
  title,
  about,
  action,
  onConfirm,
  isPending,
  typeName,
}: {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  about: ReactNode;
  action: string;
  onConfirm: () => void;
  isPending?: boolean;
  typeName?: string;
}) {
  const t = useT();
  const [typed, setTyped] = useState('');
  const isReady = !typeName || typed.trim() === typeName;
  const close = () => {
    setTyped('');
    onClose();
  };
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={backdrop} />
        <AlertDialog.Popup className={clsx(centred, 'max-w-md')}>
          <form
            className="flex flex-col gap-3 p-5"
            onSubmit={(event) => {
              event.preventDefault();
              if (isReady && !isPending) onConfirm();
            }}
          >
            <AlertDialog.Title className="text-16 font-semibold">{title}</AlertDialog.Title>
            <AlertDialog.Description className="text-13 text-fg-2">{about}</AlertDialog.Description>
            {typeName && (
              <Field label={t('common.confirm.type', { name: typeName })}>
                <TextInput
                  value={typed}
                  autoComplete="off"
                  onChange={(event) => setTyped(event.target.value)}
                />
              </Field>
            )}
            <div className="mt-2 flex justify-end gap-2">
              <AlertDialog.Close render={<Button>{t('common.cancel')}</Button>} />
              <Button
                look="danger"
                type="submit"
                isPending={isPending ?? false}
                whyNot={isReady ? '' : t('common.confirm.type', { name: typeName ?? '' })}
              >
                {action}
              </Button>
            </div>
          </form>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
