import { useRef, useState } from 'react';
import { pageFirst } from '~/lib/commands';
import { useT } from '~/lib/i18n';
import { Dialog } from '~/ui/dialog';
import { Field, TextInput } from '~/ui/field';
import { LinkButton } from '~/ui/link';
import { ShortcutList } from './shortcut-list';

/** Every key that acts here, by place, and the ways to change it; the others are on their own page. */
export function KeySheet({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [commands] = useState(pageFirst);
  const [words, setWords] = useState('');
  const first = useRef<HTMLInputElement>(null);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t('common.command.sheet')}
      width="wide"
      focusFirst={first}
      foot={
        <LinkButton to="/settings/shortcuts" onClick={onClose}>
          {t('settings.shortcuts.all')}
        </LinkButton>
      }
    >
      <Field label={t('settings.shortcuts.search')} isLabelHidden className="mt-1 mb-4">
        <TextInput
          ref={first}
          type="search"
          value={words}
          placeholder={t('settings.shortcuts.search')}
          onChange={(event) => setWords(event.target.value)}
        />
      </Field>
      <ShortcutList commands={commands} words={words} />
    </Dialog>
  );
}
