import { useQuery } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';
import type { Provider } from '~/api/types';
import { type Translate, useT } from '~/lib/i18n';
import { moveIn } from '~/lib/run-order';
import { Button, IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { sharedModels } from './model';
import { providersQuery } from './queries';

const STAND_INS_MAX = 4;

/** What it can take over, if anything. */
function standingOf(provider: Provider, standIn: Provider, t: Translate): string {
  const count = sharedModels(provider, standIn);
  if (!standIn.is_enabled) return t('settings.standIns.off');
  return count === 0 ? t('settings.standIns.noModels') : t('settings.standIns.models', { count });
}

/** Accounts that take what waits for this one while it is in trouble, the first one first. */
export function ProviderStandIns({
  provider,
  onChange,
}: {
  provider: Provider;
  onChange: (ids: string[]) => void;
}) {
  const t = useT();
  const { data: providers = [] } = useQuery(providersQuery);
  const others = providers.filter((one) => one.id !== provider.id);
  // One that was deleted since is no longer chosen.
  const chosen = provider.stand_ins.flatMap((id) => others.find((one) => one.id === id) ?? []);
  const ids = chosen.map((one) => one.id);
  const free = others.filter((one) => !ids.includes(one.id));
  return (
    <section className="flex flex-col gap-2" aria-label={t('settings.standIns.title')}>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="min-w-48 flex-1">
          <h4 className="text-13 font-medium">{t('settings.standIns.title')}</h4>
          <p className="text-12 text-fg-3">
            {t(others.length === 0 ? 'settings.standIns.alone' : 'settings.standIns.text')}
          </p>
        </div>
        {free.length > 0 && chosen.length < STAND_INS_MAX && (
          <Menu
            trigger={<Button icon={Plus}>{t('settings.standIns.add')}</Button>}
            entries={free.map((one) => ({
              label: one.name,
              run: () => onChange([...ids, one.id]),
            }))}
          />
        )}
      </div>
      {chosen.length > 0 && (
        <ol className="rounded-8 border border-line">
          {chosen.map((one, index) => (
            <li
              key={one.id}
              className="flex items-center gap-2 border-line border-b py-1.5 pr-1.5 pl-3 last:border-b-0"
            >
              <span className="w-4 shrink-0 text-12 text-fg-3 tabular-nums">{index + 1}</span>
              <div className="min-w-0 flex-1">
                <p className="break-words text-13">{one.name}</p>
                <p className="text-12 text-fg-3">{standingOf(provider, one, t)}</p>
              </div>
              <IconButton
                icon={ArrowUp}
                label={t('settings.standIns.up', { name: one.name })}
                whyNot={index === 0 ? t('settings.standIns.first') : undefined}
                onClick={() => onChange(moveIn(ids, index, index - 1)?.order ?? ids)}
              />
              <IconButton
                icon={ArrowDown}
                label={t('settings.standIns.down', { name: one.name })}
                whyNot={index === chosen.length - 1 ? t('settings.standIns.last') : undefined}
                onClick={() => onChange(moveIn(ids, index, index + 1)?.order ?? ids)}
              />
              <IconButton
                icon={X}
                label={t('settings.standIns.remove', { name: one.name })}
                onClick={() => onChange(ids.filter((id) => id !== one.id))}
              />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
