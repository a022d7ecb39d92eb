import { useQuery } from '@tanstack/react-query';
import type { Setting } from '~/api/types';
import { hasText, useFormat, useT } from '~/lib/i18n';
import { useTitle } from '~/ui/page';
import { ErrorState, Skeleton } from '~/ui/states';
import { groupSettings } from './model';
import { settingsQuery, systemQuery } from './queries';
import { Card, Section } from './section';
import { SettingRow } from './setting-row';
import { StorageCard } from './storage';

/** What stands over the rows of a group, beside what the table says. */
const heads: Record<string, () => React.ReactNode> = { storage: () => <StorageCard /> };

/** Rows of the settings table by group; what is decided outside stands last: most of it can only be read here. */
export function SettingGroups({
  settings,
  isFound = false,
}: {
  settings: readonly Setting[];
  /** they are what a search found: nothing stands over them */
  isFound?: boolean;
}) {
  const t = useT();
  const textOf = (key: string) => (hasText(key) ? t(key) : '');
  const groups = groupSettings(settings).sort(
    ([a], [b]) => Number(a === 'server') - Number(b === 'server'),
  );
  return groups.map(([group, list]) => (
    <Section
      key={group}
      at={group}
      title={textOf(`settings.group.${group}`) || group}
      text={isFound ? '' : textOf(`settings.about.${group}`)}
    >
      {!isFound && heads[group]?.()}
      <Card className="!p-0">
        {list.map((setting) => (
          <SettingRow key={setting.name} setting={setting} />
        ))}
      </Card>
    </Section>
  ));
}

export function SystemPage() {
  const t = useT();
  const settings = useQuery(settingsQuery);
  useTitle(t('settings.nav.system'));
  return (
    <>
      <Info />
      {settings.isPending && <Skeleton className="h-64 !rounded-8" />}
      {settings.error && (
        <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />
      )}
      {settings.data && <SettingGroups settings={settings.data} />}
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
