import clsx from 'clsx';
import { ChevronUp, CircleAlert, FastForward, Sparkles } from 'lucide-react';
import { createContext, memo, type ReactNode, use, useMemo } from 'react';
import { ApiError, errorText } from '~/api/errors';
import type { Model, Operation } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { useCommands } from '~/lib/use-commands';
import { Button, IconButton } from '~/ui/button';
import { Keys } from '~/ui/keys';
import { Menu } from '~/ui/menu';
import { generateCommands } from './commands';
import { useDraft } from './draft';
import { usedDraft } from './model';
import { UnitPriceContext } from './unit-price';
import { type Submit, useSubmit } from './use-submit';

const SubmitContext = createContext<Submit | null>(null);

/** What all bars of the page share.  It alone, and they, are drawn anew as one writes. */
export function Submitting({
  model,
  operation,
  onStarted,
  onRefused,
  children,
}: {
  model: Model | undefined;
  operation: Operation | undefined;
  onStarted: (runId: string) => void;
  /** the field that stands against it */
  onRefused: (field: string) => void;
  children: ReactNode;
}) {
  const draft = useDraft((state) => state.draft);
  const used = useMemo(() => usedDraft(draft, model), [draft, model]);
  const submit = useSubmit(used, model, operation, onStarted, onRefused);
  useCommands([
    { ...generateCommands.run, run: () => submit.start('normal') },
    { ...generateCommands.runFirst, run: () => submit.start('front') },
  ]);
  return (
    <UnitPriceContext value={submit.unit}>
      <SubmitContext value={submit}>{children}</SubmitContext>
    </UnitPriceContext>
  );
}

/** What it will cost, and the one primary button of the page. */
export function SubmitBar() {
  const submit = use(SubmitContext);
  return submit && <Bar {...submit} />;
}

/** As long as none of it changes, a letter more draws nothing of it. */
const Bar = memo(function Bar(submit: Submit) {
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
          {submit.error instanceof ApiError && submit.error.field === 'product_id'
            ? t('generate.product.gone')
            : errorText(submit.error, t)}
        </p>
      )}
      {submit.refusal !== '' && (
        <p
          key={submit.refusals} // said again when it is asked for again
          role="alert"
          className="flex items-start gap-1.5 text-12 text-bad"
        >
          <CircleAlert size={14} className="mt-px shrink-0" aria-hidden />
          {submit.refusal}
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
            onRefused={() => submit.start('normal')}
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
                  '!h-9 !w-8 touch:!w-11 !rounded-l-none border-ink-fg/20 border-l !bg-ink !text-ink-fg hover:!bg-ink-hover touch:!h-11',
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
});
