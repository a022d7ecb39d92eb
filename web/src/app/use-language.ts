import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { savePerson } from '~/api/person';
import { meQuery } from '~/api/queries';
import { changeLanguage, currentLanguage, useFormat } from '~/lib/i18n';
import { type Language, type Theme, usePreferences } from '~/lib/preferences';

/** The language of the page: at once, kept in this browser and with the person. */
export function useLanguage() {
  const { language } = useFormat();
  const client = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const kept = usePreferences((state) => state.language);
  const saved = me?.language;
  useEffect(() => {
    // Another browser's choice comes with the person, once, where this one has none.
    if (!kept && (saved === 'en' || saved === 'zh-CN') && saved !== currentLanguage()) {
      void changeLanguage(saved);
    }
  }, [kept, saved]);
  const other: Language = language === 'zh-CN' ? 'en' : 'zh-CN';
  const change = async (next: Language) => {
    usePreferences.getState().set({ language: next });
    await changeLanguage(next);
    if (me) await savePerson(client, { language: next }).catch(() => undefined);
  };
  return { language, other, change };
}

const themes: Record<Theme, Theme> = { light: 'dark', dark: 'system', system: 'light' };

export function useNextTheme(): Theme {
  return themes[usePreferences((state) => state.theme)];
}
