import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import { type Column, type ColumnName, type Columns, changeColumn } from './columns';

export type Theme = 'light' | 'dark' | 'system';
export type Language = 'en' | 'zh-CN';

export type Shortcuts = Record<string, readonly string[]>;

interface Preferences {
  theme: Theme;
  language: Language | '';
  tileSize: number;
  /** the details of the viewer, and beside the grid */
  isPanelOpen: boolean;
  areDetailsOpen: boolean;
  areStatsOpen: boolean;
  /** of a run's results one at a time, not all; and their width, 0: so that all fit */
  isOneShown: boolean;
  resultWidth: number;
  /** beside the middle of a page; read by lib/columns, which trusts nothing of it */
  columns: Columns;
  areLetterKeysOn: boolean;
  /** by command, only those that differ from the page's own */
  shortcuts: Shortcuts;
  set: (change: Partial<Omit<Preferences, 'set' | 'setColumn'>>) => void;
  setColumn: (name: ColumnName, change: Partial<Column>) => void;
}

/**
 * What a person likes, kept in this browser; boot.js reads the same record before the first paint. Keys follow
 * the person and are only remembered here (api/person.ts).
 */
export const usePreferences = create<Preferences>()(
  persist(
    (set) => ({
      theme: 'system',
      language: '',
      tileSize: 220,
      isPanelOpen: true,
      areDetailsOpen: false,
      areStatsOpen: false,
      isOneShown: false,
      resultWidth: 0,
      columns: {},
      areLetterKeysOn: true,
      shortcuts: {},
      set,
      setColumn: (name, change) =>
        set(({ columns }) => ({ columns: changeColumn(columns, name, change) })),
    }),
    { name: 'vitrine.preferences', version: 1 },
  ),
);

const darkQuery = '(prefers-color-scheme: dark)';

function applyTheme(theme: Theme) {
  const isDark = theme === 'dark' || (theme === 'system' && matchMedia(darkQuery).matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

/** What another tab chose is chosen here too. */
export function followOtherTabs() {
  window.addEventListener('storage', (event) => {
    if (event.key === 'vitrine.preferences') void usePreferences.persist.rehydrate();
  });
}

/** Keeps the document's theme in step with the preference and the system, for ever. */
export function followTheme() {
  applyTheme(usePreferences.getState().theme);
  usePreferences.subscribe((state) => applyTheme(state.theme));
  matchMedia(darkQuery).addEventListener('change', () =>
    applyTheme(usePreferences.getState().theme),
  );
}
