import { useQuery } from '@tanstack/react-query';
import { Bookmark, BookmarkPlus, Ellipsis, House, Users } from 'lucide-react';
import { useState } from 'react';
import type { Model, Operation, Preset } from '~/api/types';
import { useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { useCommands } from '~/lib/use-commands';
import { Button, IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { Popover } from '~/ui/popover';
import { ErrorState } from '~/ui/states';
import { generateCommands } from './commands';
import { useDraft } from './draft';
import { usedDraft } from './model';
import { usePresetActions } from './preset-actions';
import { presetAbout, presetEntries } from './preset-entries';
import { isApplied, presetOf } from './preset-model';
import { presetsQuery, useApplyPreset } from './presets';

const PresetDialog = late(() => import('./preset-dialog').then((file) => file.PresetDialog));

/** On top of the form: what was kept, mine and the house's, and a place for what stands there now. */
export function PresetMenu({
  models,
  model,
  operation,
}: {
  models: readonly Model[];
  model: Model | undefined;
  operation: Operation | undefined;
}) {
  const t = useT();
  const presets = useQuery(presetsQuery);
  const actions = usePresetActions();
  const apply = useApplyPreset(models, operation);
  const [isOpen, setOpen] = useState(false);
  const [dialog, setDialog] = useState<{ preset: Preset | null } | null>(null);
  const save = () => {
    setOpen(false);
    setDialog({ preset: null });
  };
  useCommands([
    { ...generateCommands.presets, run: () => setOpen(true) },
    { ...generateCommands.savePreset, run: save },
  ]);
  const list = presets.data ?? [];
  const mine = list.filter((one) => (one.parameters as { model?: string }).model === model?.id);
  const current = useDraft(({ draft }) =>
    mine.find((one) => isApplied(usedDraft(draft, model), one, model)),
  );
  const drafted = () => usedDraft(useDraft.getState().draft, model);
  const entries = (preset: Preset) =>
    presetEntries(preset, t, actions, {
      onUpdate: () => {
        const hasWords = 'prompt' in (preset.parameters as object);
        const { count, parameters } = presetOf(drafted(), model, operation, hasWords);
        actions.put(preset, { count, parameters }, t('generate.presets.updated'));
      },
      onRename: () => {
        setOpen(false);
        setDialog({ preset });
      },
    });
  const group = (title: string, items: Preset[]) =>
    items.length > 0 && (
      <section aria-label={title}>
        <h3 className="px-2 pt-2 pb-1 text-12 font-medium text-fg-3">{title}</h3>
        <ul>
          {items.map((preset) => (
            <li key={preset.id} className="flex items-center gap-1 rounded-6 hover:bg-surface-2">
              <button
                type="button"
                aria-current={preset === current || undefined}
                onClick={() => {
                  setOpen(false);
                  apply(preset);
                }}
                className="min-h-11 min-w-0 flex-1 rounded-6 px-2 py-1 text-left"
              >
                <span className="flex items-center gap-1.5 text-13">
                  <span lang="" className="truncate font-medium">
                    {preset.name}
                  </span>
                  {preset.is_default && (
                    <House size={12} className="shrink-0 text-fg-3" aria-hidden />
                  )}
                  {preset.is_default && (
                    <span className="sr-only">{t('generate.presets.default')}</span>
                  )}
                  {preset.is_mine && preset.is_shared && (
                    <Users size={12} className="shrink-0 text-fg-3" aria-hidden />
                  )}
                  {preset.is_mine && preset.is_shared && (
                    <span className="sr-only">{t('generate.presets.isShared')}</span>
                  )}
                </span>
                <span className="block truncate text-12 text-fg-3 tabular-nums">
                  {presetAbout(preset, models, t)}
                </span>
              </button>
              <Menu
                trigger={
                  <IconButton
                    icon={Ellipsis}
                    size="dense"
                    label={t('generate.presets.more', { name: preset.name })}
                  />
                }
                entries={entries(preset)}
              />
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <div className="-mt-1 flex items-center justify-between gap-2">
      <Popover
        title={t('generate.presets.title')}
        isOpen={isOpen}
        onOpenChange={setOpen}
        align="start"
        className="w-72 !p-1"
        trigger={
          <Button look="ghost" height="dense" icon={Bookmark} className="-ml-2 min-w-0">
            <span className="truncate">{current?.name ?? t('generate.presets.title')}</span>
          </Button>
        }
      >
        {presets.error && !presets.data ? (
          <ErrorState error={presets.error} onRetry={() => void presets.refetch()} />
        ) : (
          <>
            {group(
              t('generate.presets.mine'),
              list.filter((one) => one.is_mine),
            )}
            {group(
              t('generate.presets.house'),
              list.filter((one) => !one.is_mine),
            )}
            {presets.data && list.length === 0 && (
              <p className="px-2 py-3 text-13 text-fg-2">{t('generate.presets.none')}</p>
            )}
            <div className="mt-1 border-line border-t pt-1">
              <Button look="ghost" height="dense" icon={BookmarkPlus} onClick={save}>
                {t('generate.presets.save')}
              </Button>
            </div>
          </>
        )}
      </Popover>
      <IconButton
        icon={BookmarkPlus}
        size="dense"
        label={t('generate.presets.save')}
        onClick={save}
      />
      {dialog && (
        <PresetDialog
          {...dialog}
          draft={drafted()}
          model={model}
          operation={operation}
          actions={actions}
          onClose={() => setDialog(null)}
        />
      )}
    </div>
  );
}
