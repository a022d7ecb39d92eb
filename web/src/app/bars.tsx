import { RotateCw, WifiOff } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useT } from '~/lib/i18n';
import { useNow } from '~/lib/use-now';
import { retryNow, useConnection } from '~/live/connection';
import { Button } from '~/ui/button';

const patienceMs = 5_000;
const gladMs = 2_000;

/** Five seconds after the line was lost; "up to date" for two when it is back. */
export function ConnectionBar() {
  const t = useT();
  const { state, lostAt, retryAt } = useConnection();
  const now = useNow(state === 'lost');
  const isShown = state === 'lost' && now - lostAt >= patienceMs;
  const wasShown = useRef(false);
  const [isBack, setBack] = useState(false);
  useEffect(() => {
    if (isShown) wasShown.current = true;
    if (state !== 'open' || !wasShown.current) return;
    wasShown.current = false;
    setBack(true);
    const timer = setTimeout(() => setBack(false), gladMs);
    return () => clearTimeout(timer);
  }, [isShown, state]);
  if (isShown) {
    const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
    return (
      <div
        role="status"
        className="flex min-h-9 shrink-0 items-center justify-center gap-3 bg-warn-soft px-4 text-13 text-warn"
      >
        <WifiOff size={16} strokeWidth={1.75} aria-hidden />
        <span className="tabular-nums">{t('common.offline.text', { count: seconds })}</span>
        <Button height="dense" look="ghost" onClick={retryNow}>
          {t('common.offline.now')}
        </Button>
      </div>
    );
  }
  if (isBack) {
    return (
      <div
        role="status"
        className="fade-in flex min-h-9 shrink-0 items-center justify-center bg-ok-soft text-13 text-ok"
      >
        {t('common.offline.back')}
      </div>
    );
  }
  return null;
}

export function VersionBar() {
  const t = useT();
  return (
    <div
      role="status"
      className="flex min-h-9 shrink-0 items-center justify-center gap-3 bg-accent-soft px-4 text-13 text-accent-text"
    >
      <RotateCw size={16} strokeWidth={1.75} aria-hidden />
      {t('common.version.title')}
      <Button height="dense" onClick={() => location.reload()}>
        {t('common.version.reload')}
      </Button>
    </div>
  );
}
