import { useRef, useState } from 'react';
import { useT } from '~/lib/i18n';
import { optionalDay } from '~/lib/search';
import { Button } from '~/ui/button';
import { Field, TextInput } from '~/ui/field';

/** The first and the last day that are shown; either may stay open. */
export function DaysForm({
  onApply,
}: {
  onApply: (span: { from: string | undefined; to: string | undefined }) => void;
}) {
  const t = useT();
  const first = useRef<HTMLInputElement>(null);
  const last = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState<{ from?: string; to?: string }>({});
  const apply = () => {
    const read = (input: HTMLInputElement | null) => ({
      day: optionalDay(input?.value),
      // A day that is half typed has no value, and is none.
      isWrong: Boolean(input?.validity.badInput || (input?.value && !optionalDay(input.value))),
    });
    const from = read(first.current);
    const to = read(last.current);
    const notDay = t('library.filter.notDay');
    if (from.isWrong || to.isWrong) {
      setWrong({ ...(from.isWrong && { from: notDay }), ...(to.isWrong && { to: notDay }) });
      (from.isWrong ? first : last).current?.focus();
    } else if (from.day && to.day && to.day < from.day) {
      setWrong({ to: t('library.filter.order') });
      last.current?.focus();
    } else onApply({ from: from.day, to: to.day });
  };
  return (
    <form
      noValidate
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <Field label={t('library.filter.from')} error={wrong.from}>
        <TextInput ref={first} type="date" min="2000-01-01" max="2999-12-31" />
      </Field>
      <Field label={t('library.filter.to')} error={wrong.to}>
        <TextInput ref={last} type="date" min="2000-01-01" max="2999-12-31" />
      </Field>
      <Button type="submit" look="ink">
        {t('library.filter.apply')}
      </Button>
    </form>
  );
}
