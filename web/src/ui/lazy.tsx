import { type ComponentProps, useState } from 'react';
import { late } from '~/lib/late';

const LoadedSheet = late(() => import('./dialog').then((file) => file.Sheet));
const LoadedConfirm = late(() => import('./dialog').then((file) => file.ConfirmDialog));

/** Whether it was ever open: from then on it stays, so that it can leave with grace. */
function useWasOpen(isOpen: boolean): boolean {
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (isOpen && !wasOpen) setWasOpen(true);
  return wasOpen;
}

/** The sheet of dialog.tsx, loaded when it is first opened. */
export function Sheet(props: ComponentProps<typeof LoadedSheet>) {
  const wasOpen = useWasOpen(props.isOpen);
  return <>{wasOpen && <LoadedSheet {...props} />}</>;
}

/** The question of dialog.tsx, loaded when it is first asked. */
export function ConfirmDialog(props: ComponentProps<typeof LoadedConfirm>) {
  const wasOpen = useWasOpen(props.isOpen);
  return <>{wasOpen && <LoadedConfirm {...props} />}</>;
}
