import clsx from 'clsx';
import { CircleHelp } from 'lucide-react';
import { useState } from 'react';
import type { Answer } from '~/api/held';
import type { Task } from '~/api/types';
import { hasText, useT } from '~/lib/i18n';
import { Button } from './button';
import { LinkButton } from './link';

/** What a held task asks: the engine gives a word, people get a sentence. */
function useQuestion(reason: string | null, canLookUp: boolean) {
  const t = useT();
  const title = `common.held.${reason}.title`;
  const text = `common.held.${reason}.text`;
  if (canLookUp)
    return { title: t('common.held.unknown.title'), text: t('common.held.lookUpText') };
  return {
    title: hasText(title) ? t(title) : t('common.held.unknown.title'),
    text: hasText(text) ? t(text) : reason || t('common.held.unknown.text'),
  };
}

/** A task that asks a person; nothing is repeated or given up before they answered. */
export function HeldQuestion({
  task,
  onAnswer,
  whyNot = '',
  isWide = false,
}: {
  task: Task;
  onAnswer: (answer: Answer) => Promise<unknown>;
  /** why it cannot be answered now */
  whyNot?: string;
  /** a row of a list instead of a card */
  isWide?: boolean;
}) {
  const t = useT();
  const { title, text } = useQuestion(task.hold_reason, task.can_look_up);
  const [pending, setPending] = useState<Answer | null>(null);
  const isAccount = task.hold_reason === 'auth' || task.hold_reason === 'quota';
  const answer = (what: Answer) => {
    setPending(what);
    void onAnswer(what).finally(() => setPending(null));
  };
  return (
    <div
      className={
        isWide
          ? 'flex flex-1 flex-wrap items-center gap-x-4 gap-y-2'
          : 'flex flex-col items-center gap-2'
      }
    >
      <CircleHelp size={20} strokeWidth={1.75} className="shrink-0 text-warn" aria-hidden />
      <div className={isWide ? 'min-w-60 flex-1' : 'flex flex-col gap-1'}>
        <p className="text-13 font-medium text-warn">{title}</p>
        <p className={isWide ? 'text-13 text-fg-2' : 'text-12 text-balance text-fg-2'}>{text}</p>
      </div>
      <div className={clsx('flex flex-wrap gap-1.5', isWide ? 'max-md:pl-9' : 'justify-center')}>
        {isAccount && (
          <LinkButton to="/settings/providers" height="dense">
            {t('common.held.openProvider')}
          </LinkButton>
        )}
        {task.can_look_up && (
          <Button
            height="dense"
            isPending={pending === 'look_up'}
            whyNot={whyNot}
            onClick={() => answer('look_up')}
          >
            {t('common.held.lookUp')}
          </Button>
        )}
        <Button
          height="dense"
          isPending={pending === 'repeat'}
          whyNot={whyNot}
          onClick={() => answer('repeat')}
        >
          {t(isAccount ? 'common.held.goOn' : 'common.held.repeat')}
        </Button>
        <Button
          height="dense"
          look="ghost"
          isPending={pending === 'give_up'}
          whyNot={whyNot}
          onClick={() => answer('give_up')}
        >
          {t('common.held.giveUp')}
        </Button>
      </div>
    </div>
  );
}
