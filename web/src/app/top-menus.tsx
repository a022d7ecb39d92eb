import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Keyboard, Languages, LogOut, Monitor, Moon, Sun, User } from 'lucide-react';
import { saveTheme } from '~/api/person';
import { meQuery } from '~/api/queries';
import { useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import { useConnection } from '~/live/connection';
import { IconButton } from '~/ui/button';
import { Menu } from '~/ui/menu';
import { appCommands } from './commands';
import { useLanguage } from './use-language';
import { useSignOut } from './use-sign-out';

const themeIcons = { light: Sun, dark: Moon, system: Monitor };

/** Theme, language and account. */
export function TopMenus({ onSheet }: { onSheet: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery);
  const { theme } = usePreferences();
  const { language, change } = useLanguage();
  const build = useConnection((state) => state.build);

  const signOut = useSignOut();

  return (
    <>
      <Menu
        trigger={<IconButton icon={themeIcons[theme]} label={t('common.theme.label')} />}
        entries={(['light', 'dark', 'system'] as const).map((value) => ({
          label: t(`common.theme.${value}`),
          icon: themeIcons[value],
          isChosen: theme === value,
          run: () => void saveTheme(client, value).catch(() => undefined),
        }))}
      />
      <Menu
        trigger={<IconButton icon={Languages} label={t('common.language.label')} />}
        entries={(['en', 'zh-CN'] as const).map((value) => ({
          label: t(`common.language.${value}`),
          isChosen: language === value,
          run: () => void change(value),
        }))}
      />
      <Menu
        trigger={<IconButton icon={User} label={t('common.account.label')} />}
        head={
          me && (
            <div className="border-line border-b px-2 pt-1 pb-2">
              <div className="text-13 font-medium">{me.name}</div>
              <div className="text-12 text-fg-3">{t(`common.role.${me.role}`)}</div>
              {build && (
                <div className="text-12 text-fg-3 tabular-nums md:hidden">
                  {`${t('common.name')} ${build}`}
                </div>
              )}
            </div>
          )
        }
        entries={[
          {
            label: t('common.account.profile'),
            icon: User,
            run: () => void navigate({ to: '/settings/profile' }),
          },
          {
            label: t('common.command.sheet'),
            icon: Keyboard,
            keys: appCommands.sheet.keys[0],
            run: onSheet,
          },
          'line',
          { label: t('common.account.signOut'), icon: LogOut, run: () => void signOut() },
        ]}
      />
    </>
  );
}
