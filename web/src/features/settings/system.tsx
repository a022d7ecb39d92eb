import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { SearchX } from 'lucide-react';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Field, TextInput } from '~/ui/field';
import { useTitle } from '~/ui/page';
import { EmptyState, ErrorState, Skeleton } from '~/ui/states';
import { findSettings, groupSettings } from './model';
import { settingsQuery, systemQuery } from './queries';
import { Card, Section } from './section';
import { SettingRow } from './setting-row';
import { StorageCard } from './storage';

const route = getRouteApi('/frame/settings/system');

/** What stands over the rows of a group, beside what the table says. */
const heads: Record<string, () => React.ReactNode> = { storage: () => <StorageCard /> };

export function SystemPage() {
  const t = useT();
  const settings = useQuery(settingsQuery);
  const navigate = useNavigate();
  const { q: words = '' } = route.useSearch();
  useTitle(t('settings.nav.system'));
  const find = (q: string) =>
    void navigate({ to: '/settings/system', search: q ? { q } : {}, replace: true });
  const textOf = (key: string) => (hasText(key) ? t(key) : '');
  const found = findSettings(settings.data ?? [], words, (group) =>
    textOf(`settings.group.${group}`),
  );
  // What is decided outside stands last: most of it can only be read here.
  const groups = groupSettings(found).sort(
    ([a], [b]) => Number(a === 'server') - Number(b === 'server'),
  );
  return (
    <>
      {!words && <Info />}
      <Field label={t('settings.search')} isLabelHidden>
        <TextInput
          type="search"
          value={words}
          placeholder={t('settings.search')}
          onChange={(event) => find(event.target.value)}
        />
      </Field>
      <p role="status" className="sr-only">
        {words && settings.data && t('settings.found', { count: found.length })}
      </p>
      {settings.isPending && <Skeleton className="h-64 !rounded-8" />}
      {settings.error && (
        <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />
      )}
      {settings.data && found.length === 0 && (
        <EmptyState icon={SearchX} title={t('settings.searchNone', { words })} text="">
          <Button onClick={() => find('')}>{t('settings.searchClear')}</Button>
        </EmptyState>
      )}
      {groups.map(([group, list]) => (
        <Section
          key={group}
          title={textOf(`settings.group.${group}`) || group}
          text={words ? '' : textOf(`settings.about.${group}`)}
        >
          {!words && heads[group]?.()}
          <Card className="!p-0">
            {list.map((setting) => (
              <SettingRow key={setting.name} setting={setting} />
            ))}
          </Card>
        </Section>
      ))}
    </>
  );
}

function Info() {
  const t = useT();
  const format = useFormat();
  const { data: info } = useQuery(systemQuery);
  if (!info) return null;
  const facts: [string, string][] = [
    [t('settings.system.version'), info.version],
    [t('settings.system.uptime'), format.duration(info.uptime_s * 1000)],
  ];
  return (
    <Section title={t('settings.nav.system')}>
      <Card>
        <dl className="grid grid-cols-4 gap-4 max-md:grid-cols-2">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt className="text-12 text-fg-3">{name}</dt>
              <dd className="text-14 font-medium tabular-nums">{value}</dd>
            </div>
          ))}
        </dl>
      </Card>
    </Section>
  );
}
