import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { keepPrompt } from '~/lib/kept-prompts';
import type { ReferenceRole } from '~/lib/reference-roles';
import { type Draft, emptyDraft } from './model';
import type { Writer } from './tool-model';

interface DraftStore {
  draft: Draft;
  isMoreOpen: boolean;
  /** who writes for the tools under the prompt; it is no part of a preset */
  writer: Writer;
  change: (change: Partial<Draft>) => void;
  setValue: (name: string, value: string | number | boolean | undefined) => void;
  replace: (draft: Draft) => void;
  addReferences: (ids: readonly string[]) => void;
  /** undefined: nothing is said of it */
  setRole: (id: string, role: ReferenceRole | undefined) => void;
  keepPrompt: () => void;
  toggleMore: () => void;
  changeWriter: (change: Partial<Writer>) => void;
}

const emptyWriter: Writer = { modelId: '', values: {} };

/** What is being written; it survives navigation and reload. */
export const useDraft = create<DraftStore>()(
  persist(
    (set, get) => ({
      draft: emptyDraft,
      isMoreOpen: false,
      writer: emptyWriter,
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
      setRole: (id, role) =>
        set(({ draft }) => {
          const kept = Object.entries(draft.roles).filter(
            ([one]) => one !== id && draft.references.includes(one),
          );
          return {
            draft: { ...draft, roles: Object.fromEntries(role ? [...kept, [id, role]] : kept) },
          };
        }),
      keepPrompt: () => keepPrompt(get().draft.prompt),
      toggleMore: () => set(({ isMoreOpen }) => ({ isMoreOpen: !isMoreOpen })),
      changeWriter: (change) => set(({ writer }) => ({ writer: { ...writer, ...change } })),
    }),
    {
      name: 'vitrine.draft',
      version: 1,
      partialize: ({ draft, isMoreOpen, writer }) => ({ draft, isMoreOpen, writer }),
      // Fields that a later version adds have their defaults in old records.
      merge: (saved, current) => {
        const old = saved as Partial<DraftStore> | undefined;
        return {
          ...current,
          isMoreOpen: old?.isMoreOpen ?? false,
          draft: { ...emptyDraft, ...old?.draft },
          writer: { ...emptyWriter, ...old?.writer },
        };
      },
    },
  ),
);
