import { useQuery } from '@tanstack/react-query';
import { Bookmark, Ellipsis } from 'lucide-react';
import { useState } from 'react';
import { modelsQuery } from '~/api/queries';
import type { Preset } from '~/api/types';
import { emptyDraft } from '~/features/generate/model';
import { usePresetActions } from '~/features/generate/preset-actions';
import { presetAbout, presetEntries } from '~/features/generate/preset-entries';
import { presetsQuery } from '~/features/generate/presets';
import { Section } from '~/features/settings/section';
import { useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { IconButton } from '~/ui/button';
import { LinkButton } from '~/ui/link';
import { Menu } from '~/ui/menu';
import { useTitle } from '~/ui/page';
import { Badge, EmptyState, ErrorState, Skeleton } from '~/ui/states';

const PresetDialog = late(() =>
  import('~/features/generate/preset-dialog').then((file) => file.PresetDialog),
);

export function PresetsPage() {
  const t = useT();
  useTitle(t('settings.nav.presets'));
  return <Presets />;
}

/** All that was kept under a name, one's own first; made on Generate, where the form is. */
function Presets() {
  const t = useT();
  const presets = useQuery(presetsQuery);
  const { data: models = [] } = useQuery(modelsQuery);
  const actions = usePresetActions();
  const [renamed, setRenamed] = useState<Preset | null>(null);
  const list = presets.data ?? [];
  const group = (title: string, items: Preset[]) =>
    items.length > 0 && (
      <div>
        <h3 className="mb-1 text-12 font-medium text-fg-3">{title}</h3>
        <ul
          aria-label={title}
          className="overflow-hidden rounded-8 bg-surface shadow-1 outline outline-line"
        >
          {items.map((preset) => (
            <li
              key={preset.id}
              className="flex min-h-14 items-center gap-3 border-line border-b py-1.5 pr-2 pl-4 last:border-b-0"
            >
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-13 font-medium">
                  <span lang="" className="min-w-0 truncate">
                    {preset.name}
                  </span>
                  {preset.is_default && (
                    <Badge tone="accent">{t('settings.presets.isDefault')}</Badge>
                  )}
                  {preset.is_mine && preset.is_shared && (
                    <Badge>{t('settings.presets.isShared')}</Badge>
                  )}
                </p>
                <p className="truncate text-12 text-fg-3 tabular-nums">
                  {presetAbout(preset, models, t)}
                </p>
              </div>
              <Menu
                trigger={
                  <IconButton
                    icon={Ellipsis}
                    label={t('generate.presets.more', { name: preset.name })}
                  />
                }
                entries={presetEntries(preset, t, actions, { onRename: () => setRenamed(preset) })}
              />
            </li>
          ))}
        </ul>
      </div>
    );
  return (
    <Section
      at="presets"
      title={t('settings.nav.presets')}
      text={t('settings.presets.text')}
      aside={<LinkButton to="/generate">{t('settings.presets.add')}</LinkButton>}
    >
      {presets.isPending && <Skeleton className="h-28 !rounded-8" />}
      {presets.error && !presets.data && (
        <ErrorState error={presets.error} onRetry={() => void presets.refetch()} isCompact />
      )}
      {presets.data && list.length === 0 && (
        <EmptyState icon={Bookmark} title={t('settings.presets.empty')} text="" />
      )}
      <div className="flex flex-col gap-4">
        {group(
          t('generate.presets.mine'),
          list.filter((one) => one.is_mine),
        )}
        {group(
          t('generate.presets.house'),
          list.filter((one) => !one.is_mine),
        )}
      </div>
      {renamed && (
        <PresetDialog
          preset={renamed}
          draft={emptyDraft}
          model={undefined}
          operation={undefined}
          actions={actions}
          onClose={() => setRenamed(null)}
        />
      )}
    </Section>
  );
}
