export interface ToastOptions {
  text?: string;
  tone?: 'ok' | 'bad' | 'plain';
  /** offered for ten seconds */
  undo?: () => void;
}

type Show = (title: string, options: ToastOptions) => void;

const waiting: [string, ToastOptions][] = [];
let show: Show | null = null;

/** Says what happened; with a way back where there is one. The region is loaded after the page. */
export function showToast(title: string, options: ToastOptions = {}) {
  if (show) show(title, options);
  else waiting.push([title, options]);
}

/** The region takes what was said before it was there, and all that follows. */
export function onToast(next: Show): () => void {
  show = next;
  for (const [title, options] of waiting.splice(0)) next(title, options);
  return () => {
    if (show === next) show = null;
  };
}
