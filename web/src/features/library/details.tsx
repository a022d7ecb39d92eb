import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '~/api/errors';
import { assetQuery } from '~/api/queries';
import type { Asset } from '~/api/types';
import { useFormat, useT } from '~/lib/i18n';
import { late } from '~/lib/late';
import { phone, useMedia } from '~/lib/media';
import { useRested } from '~/lib/use-now';
import { Boundary } from '~/ui/boundary';
import { Button } from '~/ui/button';
import { Sheet } from '~/ui/lazy';
import { ErrorState, Skeleton } from '~/ui/states';
import { useLibraryActions } from './actions';
import type { BulkVerb } from './bulk-bar';
import { Panel } from './panel';

const TagDialog = late(() => import('./tag-dialog').then((file) => file.TagDialog));

/** What is selected, when that is more than one picture. */
interface Chosen {
  count: number;
  /** bytes; null: not all of them are known */
  size: number | null;
  verbs: readonly BulkVerb[];
}

interface DetailsProps {
  /** what has the focus; empty: nothing had it yet */
  id: string;
  chosen: Chosen | null;
  canWrite: boolean;
}

/** Beside the grid, in a column of the page's. */
export function DetailsColumn(what: DetailsProps) {
  return (
    <div
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto -outline-offset-2"
    >
      <Content {...what} />
    </div>
  );
}

/** Over the grid, where there is no room beside it. */
export function DetailsSheet({
  isOpen,
  onClose,
  ...what
}: DetailsProps & { isOpen: boolean; onClose: () => void }) {
  const t = useT();
  const isPhone = useMedia(phone);
  return (
    <Sheet
      isOpen={isOpen}
      onClose={onClose}
      title={t('library.panel.label')}
      side={isPhone ? 'bottom' : 'right'}
    >
      <Content {...what} />
    </Sheet>
  );
}

function Content({ id, chosen, canWrite }: DetailsProps) {
  if (chosen) return <Several chosen={chosen} />;
  if (!id) return <Nothing />;
  return (
    <Boundary of={id}>
      <One id={id} canWrite={canWrite} />
    </Boundary>
  );
}

function Nothing() {
  const t = useT();
  return <p className="px-4 py-3 text-13 text-fg-2">{t('library.details.none')}</p>;
}

function Several({ chosen }: { chosen: Chosen }) {
  const t = useT();
  const format = useFormat();
  const { count, size, verbs } = chosen;
  return (
    <div className="flex flex-col gap-3 px-4 py-3">
      <div>
        <h2 className="text-13 font-semibold tabular-nums">
          {t('library.bulk.selected', { count, value: format.number(count) })}
        </h2>
        {size !== null && (
          <p className="mt-1 text-13 text-fg-2 tabular-nums">
            {t('library.details.size', { value: format.bytes(size) })}
          </p>
        )}
      </div>
      <div className="flex flex-wrap gap-1.5">
        {verbs.map((verb) => (
          <Button
            key={verb.label}
            height="dense"
            icon={verb.icon}
            look={verb.isDanger ? 'danger-ghost' : 'outline'}
            onClick={verb.run}
          >
            {verb.label}
          </Button>
        ))}
      </div>
    </div>
  );
}

function One({ id, canWrite }: { id: string; canWrite: boolean }) {
  const navigate = useNavigate();
  const actions = useLibraryActions();
  // Arrows held down pass by; the details of the last one stay until those of the next are there.
  const rested = useRested(id, 120);
  const { data, error, refetch } = useQuery({
    ...assetQuery(rested),
    placeholderData: keepPreviousData,
  });
  const [tagged, setTagged] = useState<Asset | null>(null);
  // Deleted for good while it had the focus.
  if (error instanceof ApiError && error.status === 404) return <Nothing />;
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} isCompact />;
  if (!data) {
    return (
      <div className="flex flex-col gap-3 p-4">
        <Skeleton className="h-20" />
        <Skeleton className="h-40" />
      </div>
    );
  }
  const target = { assets: [data] };
  return (
    <>
      <Panel
        key={data.id}
        asset={data}
        canWrite={canWrite}
        onRecall={(what) => void navigate({ to: '/generate', search: { recall: data.id, what } })}
        onRate={(stars) => actions.rate(target, stars)}
        onTag={() => setTagged(data)}
        onRename={(name) => void actions.patch(data, { name })}
      />
      {tagged && (
        <TagDialog
          assets={target.assets}
          onAdd={(tag) => actions.addTag({ assets: [tagged] }, tag)}
          onRemove={(tag) => actions.removeTag({ assets: [tagged] }, tag)}
          onClose={() => setTagged(null)}
        />
      )}
    </>
  );
}
