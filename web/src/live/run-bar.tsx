import type { Run } from '~/api/types';
import { ProgressBar } from '~/ui/progress';
import { useShare } from './run-store';

/** How far a run is, as its pictures come and as those under way go on. */
export function RunBar({ run, label }: { run: Run; label: string }) {
  return <ProgressBar share={useShare(run)} label={label} />;
}
