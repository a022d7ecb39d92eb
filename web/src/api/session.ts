/** Whether the login dialog is wanted over the page, and who waits for its end. */
type Listener = (isWanted: boolean) => void;

let waiting: Promise<boolean> | null = null;
let settle: ((isLoggedIn: boolean) => void) | null = null;
let listener: Listener | null = null;

/** Registers the frame that can show the dialog; without one nobody waits. */
export function onLoginWanted(show: Listener): () => void {
  listener = show;
  return () => {
    if (listener === show) listener = null;
    settleLogin(false);
  };
}

export function askForLogin(): Promise<boolean> {
  if (!listener) return Promise.resolve(false);
  if (!waiting) {
    waiting = new Promise((resolve) => {
      settle = resolve;
    });
    listener(true);
  }
  return waiting;
}

export function settleLogin(isLoggedIn: boolean): void {
  settle?.(isLoggedIn);
  settle = null;
  waiting = null;
  listener?.(false);
}
