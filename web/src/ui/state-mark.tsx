import clsx from 'clsx';
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePlay,
  CircleX,
  Clock,
  type LucideIcon,
  Radio,
} from 'lucide-react';
import type { Task } from '~/api/types';
import { hasText, useT } from '~/lib/i18n';

type State = Task['state'];

const marks: Record<State, { icon: LucideIcon; tone: string }> = {
  blocked: { icon: CircleDashed, tone: 'text-fg-3' },
  ready: { icon: Clock, tone: 'text-fg-3' },
  running: { icon: CirclePlay, tone: 'text-accent-text' },
  waiting: { icon: Radio, tone: 'text-accent-text' },
  held: { icon: CircleHelp, tone: 'text-warn' },
  done: { icon: CircleCheck, tone: 'text-ok' },
  failed: { icon: CircleX, tone: 'text-bad' },
  cancelled: { icon: Ban, tone: 'text-fg-3' },
};

/** A task's state: the same icon, word and tone everywhere; never colour alone. */
export function StateMark({
  state,
  isIconOnly = false,
  className,
}: {
  state: State;
  isIconOnly?: boolean;
  className?: string;
}) {
  const t = useT();
  const mark = marks[state] ?? marks.blocked; // a newer server may know more states
  const key = `common.state.${state}`;
  const word = hasText(key) ? t(key) : state;
  const Icon = mark.icon;
  return (
    <span className={clsx('inline-flex items-center gap-1.5 text-13', mark.tone, className)}>
      <Icon
        size={16}
        strokeWidth={1.75}
        aria-hidden={!isIconOnly}
        aria-label={isIconOnly ? word : undefined}
        role={isIconOnly ? 'img' : undefined}
      />
      {!isIconOnly && word}
    </span>
  );
}
