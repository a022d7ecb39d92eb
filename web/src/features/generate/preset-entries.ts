import { House, PencilLine, RefreshCw, Trash2, Users } from 'lucide-react';
import type { Model, Preset } from '~/api/types';
import type { Translate } from '~/lib/i18n';
import type { MenuEntry } from '~/ui/menu';
import type { PresetActions } from './preset-actions';

/** What a preset is made of, in a line: its model, size and count, and whose it is. */
export function presetAbout(preset: Preset, models: readonly Model[], t: Translate): string {
  const { model: id = '', width, height } = preset.parameters as Record<string, string | number>;
  const found = models.find((one) => one.id === id);
  return [
    id !== '' && (found ? found.label || found.name : t('generate.presets.gone')),
    width && height && `${width} × ${height}`,
    t('generate.price.pictures', { count: preset.count }),
    !preset.is_mine && preset.owner_name,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** What can be done to a preset: all to one's own, of another's only whether one begins with it. */
export function presetEntries(
  preset: Preset,
  t: Translate,
  actions: PresetActions,
  { onRename, onUpdate }: { onRename: () => void; onUpdate?: () => void },
): MenuEntry[] {
  return [
    {
      label: t(preset.is_default ? 'generate.presets.undefault' : 'generate.presets.setDefault'),
      icon: House,
      run: () =>
        actions.put(
          preset,
          { is_default: !preset.is_default },
          t(preset.is_default ? 'generate.presets.noDefault' : 'generate.presets.isDefault'),
        ),
    },
    preset.is_mine &&
      onUpdate !== undefined && {
        label: t('generate.presets.update'),
        icon: RefreshCw,
        run: onUpdate,
      },
    preset.is_mine && { label: t('generate.presets.rename'), icon: PencilLine, run: onRename },
    preset.is_mine && {
      label: t(preset.is_shared ? 'generate.presets.unshare' : 'generate.presets.share'),
      icon: Users,
      run: () =>
        actions.put(
          preset,
          { is_shared: !preset.is_shared },
          t(preset.is_shared ? 'generate.presets.unshared' : 'generate.presets.isShared'),
        ),
    },
    preset.is_mine && ('line' as const),
    preset.is_mine && {
      label: t('generate.presets.remove'),
      icon: Trash2,
      isDanger: true,
      run: () => actions.remove(preset),
    },
  ];
}
