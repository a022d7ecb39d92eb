import { useQuery, useQueryClient } from '@tanstack/react-query';
import clsx from 'clsx';
import { CircleAlert, Pencil, Plus, Trash2, TriangleAlert, Wallet } from 'lucide-react';
import { useState } from 'react';
import { api, done } from '~/api/client';
import { errorText } from '~/api/errors';
import { modelsQuery, myBudgetsQuery } from '~/api/queries';
import type { Budget } from '~/api/types';
import { budgetWhose } from '~/lib/budget';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { Button, IconButton } from '~/ui/button';
import { ConfirmDialog } from '~/ui/lazy';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { showToast } from '~/ui/toast';
import { budgetsQuery } from './queries';
import { Section } from './section';
import { levelOf } from './usage-model';

const BudgetDialog = late(() => import('./budget-dialog').then((file) => file.BudgetDialog));

/** Admins keep them; others see those that are for them. */
export function Budgets({ isAdmin }: { isAdmin: boolean }) {
  const t = useT();
  const client = useQueryClient();
  const budgets = useQuery(isAdmin ? budgetsQuery : myBudgetsQuery);
  const models = useQuery({
    ...modelsQuery,
    enabled: budgets.data?.some((one) => one.model !== '') ?? false,
  });
  const labelOf = (budget: Budget) =>
    models.data?.find((one) => one.provider_id === budget.who_id && one.name === budget.model)
      ?.label || budget.model;
  const [edited, setEdited] = useState<Budget | 'new' | null>(null);
  const [deleted, setDeleted] = useState<Budget | null>(null);
  const [isPending, setPending] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ['budgets'] });

  const drop = async (budget: Budget) => {
    setPending(true);
    try {
      await done(api.DELETE('/api/v1/budgets/{id}', { params: { path: { id: budget.id } } }));
      showToast(t('settings.budgets.deleted'));
      await refresh();
      setDeleted(null);
    } catch (error) {
      showToast(errorText(error, t), { tone: 'bad' });
    } finally {
      setPending(false);
    }
  };

  return (
    <Section
      at="budgets"
      title={t('settings.budgets.title')}
      text={t('settings.budgets.text')}
      aside={
        isAdmin && (
          <Button look="ink" icon={Plus} onClick={() => setEdited('new')}>
            {t('settings.budgets.add')}
          </Button>
        )
      }
    >
      {budgets.isPending && <Skeleton className="h-28 !rounded-8" />}
      {budgets.error && (
        <ErrorState error={budgets.error} onRetry={() => void refresh()} isCompact />
      )}
      {budgets.data?.length === 0 && (
        <EmptyState
          icon={Wallet}
          title={t('settings.budgets.empty')}
          text={t('settings.budgets.emptyText')}
        />
      )}
      {budgets.data && budgets.data.length > 0 && (
        <ul className="overflow-hidden rounded-8 bg-surface shadow-1 outline outline-line">
          {budgets.data.map((budget) => (
            <BudgetRow
              key={budget.id}
              budget={budget}
              model={labelOf(budget)}
              onEdit={isAdmin ? () => setEdited(budget) : null}
              onDelete={() => setDeleted(budget)}
            />
          ))}
        </ul>
      )}
      {edited && (
        <BudgetDialog
          budget={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onSaved={() => void refresh()}
        />
      )}
      <ConfirmDialog
        isOpen={deleted !== null}
        onClose={() => setDeleted(null)}
        isPending={isPending}
        title={t('settings.budgets.deleteTitle')}
        about={t('settings.budgets.deleteText')}
        action={t('settings.budgets.delete')}
        onConfirm={() => deleted && void drop(deleted)}
      />
    </Section>
  );
}

const fills = { ok: 'bg-accent', near: 'bg-warn-solid', full: 'bg-bad-solid' };
const words = { ok: 'text-fg-3', near: 'text-warn', full: 'text-bad' };

function BudgetRow({
  budget,
  model,
  onEdit,
  onDelete,
}: {
  budget: Budget;
  /** its label, where the budget is a model's */
  model: string;
  onEdit: (() => void) | null;
  onDelete: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const level = levelOf(budget.share);
  const used = budget.cost_micro + budget.reserved_micro + budget.doubtful_micro;
  const name = [
    budgetWhose(budget, model) || t('settings.budgets.scope.everyone'),
    t(`settings.budgets.period.${budget.period}`),
  ].join(' · ');
  const Mark = level === 'full' ? CircleAlert : TriangleAlert;
  return (
    <li className="flex items-center gap-2 border-line border-b px-4 py-3 last:border-b-0">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap justify-between gap-x-4 text-13">
          <span className="min-w-0 font-medium break-words">{name}</span>
          <span className="tabular-nums">
            {t('settings.budgets.used', {
              used: format.money(used, budget.currency),
              limit: format.money(budget.limit_micro, budget.currency),
            })}
          </span>
        </p>
        <div
          role="progressbar"
          aria-label={name}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.min(100, budget.share)}
          aria-valuetext={`${budget.share} %`}
          className="my-2 h-1.5 overflow-hidden rounded-full bg-surface-3"
        >
          <div
            className={clsx('h-full rounded-full', fills[level])}
            style={{ width: `${Math.min(100, budget.share)}%` }}
          />
        </div>
        <p className={clsx('flex items-center gap-1 text-12 tabular-nums', words[level])}>
          {level !== 'ok' && <Mark size={14} aria-hidden />}
          {t(`settings.budgets.level.${level}`, {
            share: format.number(budget.share),
            left: format.money(budget.left_micro, budget.currency),
          })}
        </p>
        {budget.reserved_micro + budget.doubtful_micro > 0 && (
          <p className="text-12 text-fg-3 tabular-nums">
            {t('settings.budgets.parts', {
              reserved: format.money(budget.reserved_micro, budget.currency),
              doubtful: format.money(budget.doubtful_micro, budget.currency),
            })}
          </p>
        )}
      </div>
      {onEdit && (
        <div className="flex shrink-0">
          <IconButton
            icon={Pencil}
            label={t('settings.budgets.editOf', { name })}
            onClick={onEdit}
          />
          <IconButton
            icon={Trash2}
            label={t('settings.budgets.deleteOf', { name })}
            onClick={onDelete}
          />
        </div>
      )}
    </li>
  );
}
