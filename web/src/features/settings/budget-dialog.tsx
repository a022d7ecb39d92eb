import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, data } from '~/api/client';
import { ApiError, errorText } from '~/api/errors';
import { meQuery } from '~/api/queries';
import type { Budget } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field, TextInput } from '~/ui/field';
import { NumberInput } from '~/ui/number-input';
import { Segments } from '~/ui/segments';
import { Select } from '~/ui/select';
import { showToast } from '~/ui/toast';
import { providersQuery, usageQuery } from './queries';
import { type BudgetForm, budgetProblem, LIMIT_MAX, rangeOf } from './usage-model';

/** Makes a budget, or changes the limit of one. */
export function BudgetDialog({
  budget,
  onClose,
  onSaved,
}: {
  budget: Budget | null;
  onClose: () => void;
  onSaved: () => void;
}) {
  const t = useT();
  const [form, setForm] = useState<BudgetForm>({
    scope: budget?.scope ?? 'everyone',
    who: budget?.who_id ?? '',
    model: budget?.model ?? '',
    period: budget?.period ?? 'month',
    currency: budget?.currency ?? 'USD',
    limit: budget ? budget.limit_micro / 1e6 : null,
  });
  const [isTried, setTried] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isPending, setPending] = useState(false);
  const people = usePeople();
  const providers = useQuery(providersQuery);
  const put = (change: Partial<BudgetForm>) => {
    setForm({ ...form, ...change });
    setError(null);
  };
  const problem = budgetProblem(form);
  const field = error instanceof ApiError ? error.field : '';
  const wrong = (name: typeof problem, theirs: string) => {
    if (error !== null && field === theirs) return errorText(error, t);
    return isTried && name !== '' && problem === name ? t(`settings.budgets.wrong.${name}`) : '';
  };

  const save = async () => {
    setTried(true);
    if (problem !== '') return;
    const limit_micro = Math.round((form.limit ?? 0) * 1e6);
    setPending(true);
    try {
      if (budget) {
        await data(
          api.PATCH('/api/v1/budgets/{id}', {
            params: { path: { id: budget.id } },
            body: { limit_micro },
          }),
        );
      } else {
        await data(
          api.POST('/api/v1/budgets', {
            body: {
              scope: form.scope,
              period: form.period,
              currency: form.currency,
              limit_micro,
              ...(form.scope === 'everyone' ? {} : { who_id: form.who }),
              ...(form.scope === 'model' ? { model: form.model } : {}),
            },
          }),
        );
      }
      showToast(t('settings.budgets.saved'), { tone: 'ok' });
      onSaved();
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(false);
    }
  };

  const who =
    form.scope === 'user'
      ? people
      : (providers.data ?? []).map((one) => ({ value: one.id, label: one.name }));
  const whoLabel = t(`settings.usage.of.${form.scope === 'user' ? 'user' : 'provider'}`);
  const models = providers.data?.find((one) => one.id === form.who)?.models ?? [];
  const isElsewhere =
    error !== null && !['who_id', 'model', 'currency', 'limit_micro'].includes(field);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t(budget ? 'settings.budgets.edit' : 'settings.budgets.add')}
      about={t('settings.budgets.utc')}
    >
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {!budget && (
          <>
            <Field label={t('settings.budgets.who')} isCustom>
              <Segments
                label={t('settings.budgets.who')}
                className="max-md:grid max-md:h-auto max-md:auto-rows-[2.75rem] max-md:grid-cols-2"
                value={form.scope}
                onChange={(scope) => put({ scope, who: '', model: '' })}
                options={(['everyone', 'user', 'provider', 'model'] as const).map((value) => ({
                  value,
                  label: t(`settings.budgets.scope.${value}`),
                }))}
              />
            </Field>
            {form.scope !== 'everyone' && (
              <Field label={whoLabel} isCustom error={wrong('who', 'who_id')}>
                <Select
                  label={whoLabel}
                  value={form.who || null}
                  onChange={(next) => put({ who: next, model: '' })}
                  placeholder={t('settings.budgets.choose')}
                  options={who}
                />
              </Field>
            )}
            {form.scope === 'model' && form.who !== '' && (
              <Field label={t('settings.usage.of.model')} isCustom error={wrong('model', 'model')}>
                <Select
                  label={t('settings.usage.of.model')}
                  value={form.model || null}
                  onChange={(model) => put({ model })}
                  placeholder={t('settings.budgets.choose')}
                  options={models.map((one) => ({
                    value: one.name,
                    label: one.label || one.name,
                    detail: one.label && one.label !== one.name ? one.name : undefined,
                  }))}
                />
              </Field>
            )}
            <Field label={t('settings.budgets.periodLabel')} isCustom>
              <Segments
                label={t('settings.budgets.periodLabel')}
                value={form.period}
                onChange={(period) => put({ period })}
                options={(['day', 'month'] as const).map((value) => ({
                  value,
                  label: t(`settings.budgets.period.${value}`),
                }))}
              />
            </Field>
            <Field
              label={t('settings.budgets.currency')}
              help={t('settings.budgets.currencyHelp')}
              error={wrong('currency', 'currency')}
            >
              <TextInput
                value={form.currency}
                maxLength={3}
                onChange={(event) => put({ currency: event.target.value.toUpperCase() })}
              />
            </Field>
          </>
        )}
        <Field label={t('settings.budgets.limit')} error={wrong('limit', 'limit_micro')}>
          <NumberInput
            value={form.limit}
            onChange={(limit) => put({ limit })}
            min={0}
            max={LIMIT_MAX}
            digits={2}
            unit={form.currency}
          />
        </Field>
        {isElsewhere && (
          <p role="alert" className="text-12 text-bad">
            {error instanceof ApiError && error.code === 'conflict'
              ? t('settings.budgets.there')
              : errorText(error, t)}
          </p>
        )}
        <Button look="ink" type="submit" isPending={isPending}>
          {t('settings.budgets.save')}
        </Button>
      </form>
    </Dialog>
  );
}

/** Oneself, and whoever spent something lately. */
function usePeople() {
  const { data: me } = useQuery(meQuery);
  const { data: usage } = useQuery(
    usageQuery({ ...rangeOf('days', new Date()), all: true, by: 'user' }),
  );
  const names = new Map<string, string>();
  if (me) names.set(me.id, me.name);
  for (const item of usage?.items ?? []) if (item.key) names.set(item.key, item.label);
  return [...names].map(([value, label]) => ({ value, label }));
}
