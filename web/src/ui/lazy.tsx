import { type ComponentProps, lazy, Suspense, useState } from 'react';

const LoadedSheet = lazy(() => import('./dialog').then((file) => ({ default: file.Sheet })));
const LoadedConfirm = lazy(() =>
  import('./dialog').then((file) => ({ default: file.ConfirmDialog })),
);

/** Whether it was ever open: from then on it stays, so that it can leave with grace. */
function useWasOpen(isOpen: boolean): boolean {
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (isOpen && !wasOpen) setWasOpen(true);
  return wasOpen;
}

/** The sheet of dialog.tsx, loaded when it is first opened. */
export function Sheet(props: ComponentProps<typeof LoadedSheet>) {
  const wasOpen = useWasOpen(props.isOpen);
  return <Suspense>{wasOpen && <LoadedSheet {...props} />}</Suspense>;
}

/** The question of dialog.tsx, loaded when it is first asked. */
export function ConfirmDialog(props: ComponentProps<typeof LoadedConfirm>) {
  const wasOpen = useWasOpen(props.isOpen);
  return <Suspense>{wasOpen && <LoadedConfirm {...props} />}</Suspense>;
}
