import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { errorText } from '~/api/errors';
import { savePerson } from '~/api/person';
import { Anchor, Card, Section } from '~/features/settings/section';
import { knownCommands } from '~/lib/commands';
import { useT } from '~/lib/i18n';
import { usePreferences } from '~/lib/preferences';
import { Button } from '~/ui/button';
import { Field, TextInput } from '~/ui/field';
import { useTitle } from '~/ui/page';
import { Switch } from '~/ui/switch';
import { showToast } from '~/ui/toast';
import { ShortcutList, useSaveShortcuts } from './shortcut-list';

export function ShortcutsPage() {
  const t = useT();
  const client = useQueryClient();
  const [words, setWords] = useState('');
  const { areLetterKeysOn, shortcuts, set } = usePreferences();
  const save = useSaveShortcuts();
  useTitle(t('settings.nav.shortcuts'));
  const changed = Object.keys(shortcuts).length;
  const resetAll = () => {
    void save({});
    showToast(t('settings.shortcuts.resetDone', { count: changed }), {
      undo: () => void save(shortcuts),
    });
  };
  return (
    <>
      <Section
        at="shortcuts"
        title={t('settings.nav.shortcuts')}
        text={t('settings.shortcuts.text')}
        aside={
          changed > 0 && <Button onClick={resetAll}>{t('settings.shortcuts.resetAll')}</Button>
        }
      >
        <Card>
          <Anchor at="letter-keys">
            <Switch
              label={t('settings.letterKeys.label')}
              help={t('settings.letterKeys.help')}
              isOn={areLetterKeysOn}
              onChange={(isOn) => {
                set({ areLetterKeysOn: isOn });
                void savePerson(client, { letter_keys: isOn }).catch((error) =>
                  showToast(errorText(error, t), { tone: 'bad' }),
                );
              }}
            />
          </Anchor>
        </Card>
      </Section>
      <Card>
        <Field label={t('settings.shortcuts.search')} isLabelHidden className="mb-4">
          <TextInput
            type="search"
            value={words}
            placeholder={t('settings.shortcuts.search')}
            onChange={(event) => setWords(event.target.value)}
          />
        </Field>
        <ShortcutList commands={knownCommands()} words={words} />
      </Card>
    </>
  );
}
