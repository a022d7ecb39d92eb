import { Languages, Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { changeLanguage, useFormat, useT } from '~/lib/i18n';
import { type Theme, usePreferences } from '~/lib/preferences';
import { IconButton } from '~/ui/button';
import { Mark } from '~/ui/mark';
import { Menu } from '~/ui/menu';

const icons = { light: Sun, dark: Moon, system: Monitor };

/** The quiet card of the pages before the door: language and theme are on it too. */
export function Card({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children: ReactNode;
}) {
  const t = useT();
  const { language } = useFormat();
  const { theme, set } = usePreferences();
  return (
    <main className="flex h-full overflow-y-auto p-4">
      <div className="m-auto w-full max-w-90">
        <div className="mb-6 flex items-center gap-3">
          <Mark size={32} />
          <span className="text-20 font-semibold tracking-tight">{t('common.name')}</span>
          <div className="flex-1" />
          <Menu
            trigger={<IconButton icon={icons[theme]} label={t('common.theme.label')} />}
            entries={(['light', 'dark', 'system'] as Theme[]).map((value) => ({
              label: t(`common.theme.${value}`),
              icon: icons[value],
              isChosen: value === theme,
              run: () => set({ theme: value }),
            }))}
          />
          <Menu
            trigger={<IconButton icon={Languages} label={t('common.language.label')} />}
            entries={(['en', 'zh-CN'] as const).map((value) => ({
              label: t(`common.language.${value}`),
              isChosen: value === language,
              run: () => {
                set({ language: value });
                void changeLanguage(value);
              },
            }))}
          />
        </div>
        <div className="rounded-12 bg-surface p-6 shadow-2 outline outline-line">
          <h1 tabIndex={-1} className="text-20 font-semibold">
            {title}
          </h1>
          {text && <p className="mt-1 text-13 text-fg-2">{text}</p>}
          <div className="mt-5">{children}</div>
        </div>
      </div>
    </main>
  );
}
