import { create } from 'zustand';
import type { Model, RunRequest } from '~/api/types';
import { type MaskHistory, noMask } from '~/lib/mask';
import { isSizeAllowed, seedMax } from './model';

export const maskTools = ['brush', 'eraser', 'rectangle', 'lasso'] as const;
export type MaskTool = (typeof maskTools)[number];
export const editCounts = [1, 2, 4] as const;

export const brushMin = 4;
export const brushMax = 400;
export function stepBrush(size: number, by: 1 | -1): number {
  const next = by > 0 ? size * 1.25 : size / 1.25;
  return Math.min(brushMax, Math.max(brushMin, Math.round(next)));
}

export interface EditDraft {
  history: MaskHistory;
  feather: number;
  prompt: string;
  modelId: string;
  count: number;
}

const emptyEdit: EditDraft = { history: noMask, feather: 0, prompt: '', modelId: '', count: 1 };

interface Edits {
  drafts: Record<string, EditDraft>;
  change: (id: string, change: Partial<EditDraft>) => void;
}

/** What is being drawn on each picture, until the page is closed: who comes back goes on. */
const useEdits = create<Edits>()((set) => ({
  drafts: {},
  change: (id, change) =>
    set(({ drafts }) => ({
      drafts: { ...drafts, [id]: { ...(drafts[id] ?? emptyEdit), ...change } },
    })),
}));

export function useEdit(id: string) {
  const draft = useEdits((state) => state.drafts[id]) ?? emptyEdit;
  const change = useEdits((state) => state.change);
  return { draft, change: (next: Partial<EditDraft>) => change(id, next) };
}

/** Masks change pictures: a model that only makes them is none for this. */
export function takesMasks(model: Model): boolean {
  return model.can_mask && (model.can_edit || model.references_max > 0);
}

/** The picture's own size where the model may be asked for it; else the model decides. */
export function editRequest(
  draft: EditDraft,
  model: Model,
  picture: { id: string; width: number; height: number },
  mask: string,
  seedBase: number,
): RunRequest {
  const prompt = draft.prompt.trim();
  const size = isSizeAllowed(picture, model)
    ? { width: picture.width, height: picture.height }
    : {};
  return {
    title: prompt.slice(0, 80),
    priority: 'normal',
    nodes: Array.from({ length: draft.count }, (_, index) => ({
      key: `e${index + 1}`,
      operation: 'image.edit',
      parameters: {
        model: model.id,
        prompt,
        ...size,
        ...(model.has_seed ? { seed: (seedBase + index) % (seedMax + 1) } : {}),
      },
      inputs: { images: [picture.id], ...(mask ? { mask: [mask] } : {}) },
    })),
  };
}
