import clsx from 'clsx';
import { useT } from '~/lib/i18n';
import { useConnection } from '~/live/connection';
import { Tip } from '~/ui/tip';

const dots = {
  connecting: 'bg-fg-3',
  open: 'bg-ok-solid',
  lost: 'bg-warn-solid',
  signed_out: 'bg-fg-3',
};

/** Whether the server is there, and which version it is; narrow, its dot alone. */
export function StatusFoot() {
  const t = useT();
  const { state, build } = useConnection();
  const words = [t(`common.status.${state}`), build].filter(Boolean).join(' · ');
  return (
    <Tip text={words}>
      <p className="flex h-8 items-center gap-2.5 px-3.5 text-12 text-fg-3 tabular-nums max-xl:justify-center max-xl:px-0">
        <span className={clsx('size-2 shrink-0 rounded-full', dots[state])} aria-hidden />
        <span className="sr-only">{t('common.status.label')}</span>
        <span className="truncate max-xl:sr-only">{words}</span>
      </p>
    </Tip>
  );
}
