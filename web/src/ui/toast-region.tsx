import { Toast } from '@base-ui/react/toast';
import clsx from 'clsx';
import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { useEffect } from 'react';
import { translate, useT } from '~/lib/i18n';
import { IconButton } from './button';
import { onToast, type ToastOptions } from './toast';

const manager = Toast.createToastManager<{ tone: 'ok' | 'bad' | 'plain' }>();

function add(title: string, { text, tone = 'plain', undo }: ToastOptions) {
  const id = manager.add({
    title,
    ...(text ? { description: text } : {}),
    timeout: undo ? 10_000 : 5_000,
    priority: tone === 'bad' ? 'high' : 'low',
    data: { tone },
    ...(undo
      ? {
          actionProps: {
            children: translate('common.undo'),
            onClick: () => {
              manager.close(id);
              undo();
            },
          },
        }
      : {}),
  });
}

function Toasts() {
  const t = useT();
  const { toasts } = Toast.useToastManager<{ tone: 'ok' | 'bad' | 'plain' }>();
  return toasts.map((toast) => {
    const tone = toast.data?.tone ?? 'plain';
    return (
      <Toast.Root
        key={toast.id}
        toast={toast}
        swipeDirection={['down', 'right']}
        className="absolute right-0 bottom-0 w-full transition-[transform,opacity] duration-200 ease-out [transform:translateX(var(--toast-swipe-movement-x))_translateY(calc(var(--toast-offset-y)*-1-var(--toast-index)*8px+var(--toast-swipe-movement-y)))] data-ending-style:opacity-0 data-limited:opacity-0 data-starting-style:translate-y-4 data-starting-style:opacity-0"
      >
        <Toast.Content className="flex min-h-11 items-center gap-3 rounded-12 bg-surface py-2 pr-2 pl-4 shadow-3 outline outline-line">
          {tone === 'ok' && <CircleCheck size={16} className="shrink-0 text-ok" aria-hidden />}
          {tone === 'bad' && <CircleAlert size={16} className="shrink-0 text-bad" aria-hidden />}
          <div className="min-w-0 flex-1">
            <Toast.Title className="text-13 font-medium" />
            <Toast.Description className="text-12 text-fg-2" />
          </div>
          <Toast.Action
            className={clsx(
              'h-7 shrink-0 rounded-6 px-2 text-13 font-medium text-accent-text hover:bg-accent-soft touch:h-11',
            )}
          />
          <Toast.Close render={<IconButton icon={X} label={t('common.close')} size="dense" />} />
        </Toast.Content>
      </Toast.Root>
    );
  });
}

export function ToastRegion() {
  useEffect(() => onToast(add), []);
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-60 w-[min(24rem,calc(100vw-2rem))] max-md:right-4 max-md:bottom-[calc(4.5rem+env(safe-area-inset-bottom))] max-md:[body:has([data-bottom-bar])_&]:bottom-[calc(11rem+env(safe-area-inset-bottom))]">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
