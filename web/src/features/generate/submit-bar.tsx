import clsx from 'clsx';
import { ChevronUp, CircleAlert, FastForward, Sparkles } from 'lucide-react';
import { errorText } from '~/api/errors';
import { useFormat, useT } from '~/lib/i18n';
import { Button, IconButton } from '~/ui/button';
import { Keys } from '~/ui/keys';
import { Menu } from '~/ui/menu';
import { generateCommands } from './commands';
import type { Submit } from './use-submit';

/** What it will cost, and the one primary button of the page. */
export function SubmitBar({ submit }: { submit: Submit }) {
  const t = useT();
  const format = useFormat();
  const { estimate } = submit;
  const price = !estimate
    ? ''
    : !estimate.is_known
      ? t('generate.price.unknown')
      : estimate.cost_micro === 0
        ? t('generate.price.free')
        : t('generate.price.about', {
            price: format.money(estimate.cost_micro, estimate.currency),
          });
  return (
    <div className="flex flex-col gap-2 px-4 py-3 max-md:px-3 max-md:py-2">
      {submit.error !== null && (
        <p role="alert" className="flex items-start gap-1.5 text-12 text-bad">
          <CircleAlert size={14} className="mt-px shrink-0" aria-hidden />
          {errorText(submit.error, t)}
        </p>
      )}
      <div className="flex flex-col gap-2 max-md:flex-row max-md:items-center max-md:gap-3">
        <div className="flex min-w-0 flex-1 items-baseline justify-between gap-2 max-md:flex-col max-md:items-start max-md:gap-0">
          <span
            aria-live="polite"
            className={clsx(
              'min-h-5 truncate text-14 font-medium tabular-nums transition-colors duration-200',
              submit.isEstimating && 'text-fg-3',
            )}
          >
            {price}
          </span>
          <span className="truncate text-12 text-fg-3">
            {submit.prompts > 1 && `${submit.prompts} × ${submit.perPrompt} = `}
            {t('generate.price.pictures', { count: submit.count })}
          </span>
        </div>
        <div className="flex">
          <Button
            look="ink"
            height="primary"
            icon={Sparkles}
            isPending={submit.isPending}
            whyNot={submit.whyNot}
            className="!rounded-r-none flex-1"
            onClick={() => submit.start('normal')}
          >
            {t('generate.submit.action')}
            <span className="-mr-1 opacity-80 max-md:hidden">
              <Keys keys={generateCommands.run.keys[0] ?? ''} isOnInk />
            </span>
          </Button>
          <Menu
            trigger={
              <IconButton
                icon={ChevronUp}
                label={t('generate.submit.more')}
                className={clsx(
                  '!h-9 !w-8 !rounded-l-none border-ink-fg/20 border-l !bg-ink !text-ink-fg hover:!bg-ink-hover max-md:!h-11',
                  submit.whyNot && 'opacity-45',
                )}
              />
            }
            entries={[
              {
                label: t('generate.command.runFirst'),
                icon: FastForward,
                keys: generateCommands.runFirst.keys[0],
                ...(submit.whyNot ? { whyNot: submit.whyNot } : {}),
                run: () => submit.start('front'),
              },
            ]}
          />
        </div>
      </div>
    </div>
  );
}
