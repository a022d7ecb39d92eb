import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { type Draft, emptyDraft, remember } from './model';

interface DraftStore {
  draft: Draft;
  /** prompts that something else took the place of; those of runs are on the server */
  history: string[];
  isMoreOpen: boolean;
  change: (change: Partial<Draft>) => void;
  setValue: (name: string, value: string | number | boolean | undefined) => void;
  replace: (draft: Draft) => void;
  addReferences: (ids: readonly string[]) => void;
  keepPrompt: () => void;
  toggleMore: () => void;
}

/** What is being written; it survives navigation and reload. */
export const useDraft = create<DraftStore>()(
  persist(
    (set) => ({
      draft: emptyDraft,
      history: [],
      isMoreOpen: false,
      change: (change) => set(({ draft }) => ({ draft: { ...draft, ...change } })),
      setValue: (name, value) =>
        set(({ draft }) => {
          const values = { ...draft.values };
          if (value === undefined) delete values[name];
          else values[name] = value;
          return { draft: { ...draft, values } };
        }),
      replace: (draft) => set({ draft }),
      addReferences: (ids) =>
        set(({ draft }) => ({
          draft: { ...draft, references: [...new Set([...draft.references, ...ids])] },
        })),
      keepPrompt: () => set(({ draft, history }) => ({ history: remember(history, draft.prompt) })),
      toggleMore: () => set(({ isMoreOpen }) => ({ isMoreOpen: !isMoreOpen })),
    }),
    {
      name: 'vitrine.draft',
      version: 1,
      partialize: ({ draft, isMoreOpen }) => ({ draft, isMoreOpen }),
      // Fields that a later version adds have their defaults in old records.
      merge: (saved, current) => {
        const old = saved as Partial<DraftStore> | undefined;
        return {
          ...current,
          isMoreOpen: old?.isMoreOpen ?? false,
          draft: { ...emptyDraft, ...old?.draft },
        };
      },
    },
  ),
);
