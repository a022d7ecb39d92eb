import { useQuery, useQueryClient } from '@tanstack/react-query';
import { errorText } from '~/api/errors';
import { savePerson, saveTheme } from '~/api/person';
import { meQuery } from '~/api/queries';
import type { MeChange } from '~/api/types';
import { changeLanguage, useFormat, useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import { startPageOf, startPages } from '~/lib/start-page';
import { Field } from '~/ui/field';
import { useTitle } from '~/ui/page';
import { Segments } from '~/ui/segments';
import { showToast } from '~/ui/toast';
import { Anchor, Card, Section } from './section';

const tileSizes = { small: 140, medium: 220, large: 320 } as const;
type TileSize = keyof typeof tileSizes;

/** The name that is nearest to what the library's own control was set to. */
function tileSizeOf(px: number): TileSize {
  return (Object.keys(tileSizes) as TileSize[]).reduce((best, one) =>
    Math.abs(tileSizes[one] - px) < Math.abs(tileSizes[best] - px) ? one : best,
  );
}

export function AppearancePage() {
  const t = useT();
  const client = useQueryClient();
  const { language } = useFormat();
  const { data: me } = useQuery(meQuery);
  const { theme, tileSize, set } = usePreferences();
  useTitle(t('settings.nav.appearance'));
  const fail = (error: unknown) => showToast(errorText(error, t), { tone: 'bad' });
  const save = (change: MeChange) => void savePerson(client, change).catch(fail);
  const named = <T extends string>(values: readonly T[], nameOf: (value: T) => string) =>
    values.map((value) => ({ value, label: nameOf(value) }));
  return (
    <Section title={t('settings.nav.appearance')} text={t('settings.appearance.text')}>
      <Card className="flex flex-col gap-5">
        <Anchor at="language">
          <Field label={t('common.language.label')} isCustom>
            <Segments
              label={t('common.language.label')}
              value={language === 'zh-CN' ? 'zh-CN' : 'en'}
              onChange={(next) => {
                set({ language: next });
                void changeLanguage(next);
                save({ language: next });
              }}
              options={named(['en', 'zh-CN'] as const, (value) => t(`common.language.${value}`))}
            />
          </Field>
        </Anchor>
        <Anchor at="theme">
          <Field label={t('common.theme.label')} help={t('settings.appearance.themeHelp')} isCustom>
            <Segments
              label={t('common.theme.label')}
              value={theme}
              onChange={(next) => {
                void saveTheme(client, next).catch(fail);
              }}
              options={named(['light', 'dark', 'system'] as const, (value) =>
                t(`common.theme.${value}`),
              )}
            />
          </Field>
        </Anchor>
        <Anchor at="start-page">
          <Field label={t('settings.startPage.label')} help={t('settings.startPage.help')} isCustom>
            <Segments
              label={t('settings.startPage.label')}
              value={startPageOf(me?.start_page).slice(1)}
              onChange={(next) =>
                save({ start_page: startPages.find((page) => page === next) ?? '' })
              }
              options={named(startPages, (value) => t(`common.nav.${value}`))}
            />
          </Field>
        </Anchor>
        <Anchor at="tile-size">
          <Field label={t('settings.tileSize.label')} help={t('settings.tileSize.help')} isCustom>
            <Segments
              label={t('settings.tileSize.label')}
              value={tileSizeOf(tileSize)}
              onChange={(next) => set({ tileSize: tileSizes[next] })}
              options={named(Object.keys(tileSizes) as TileSize[], (value) =>
                t(`settings.tileSize.${value}`),
              )}
            />
          </Field>
        </Anchor>
      </Card>
    </Section>
  );
}
