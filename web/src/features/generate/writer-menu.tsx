import { SlidersHorizontal } from 'lucide-react';
import type { Model } from '~/api/types';
import { useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { IconButton } from '~/ui/button';
import { Popover } from '~/ui/popover';

const WriterForm = late(() => import('./writer-form').then((file) => file.WriterForm));

/** Who writes for the tools under the prompt, and what it is told besides. */
export function WriterMenu({ models }: { models: readonly Model[] }) {
  const t = useT();
  return (
    <Popover
      title={t('generate.tool.writer')}
      align="start"
      className="w-80"
      trigger={
        <IconButton icon={SlidersHorizontal} label={t('generate.tool.writer')} size="dense" />
      }
    >
      <WriterForm models={models} />
    </Popover>
  );
}
