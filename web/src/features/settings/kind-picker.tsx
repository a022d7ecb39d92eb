import { ExternalLink, Search } from 'lucide-react';
import { useRef, useState } from 'react';
import type { ProviderKind } from '~/api/types';
import { pickLanguage, useFormat, useT } from '~/lib/i18n';
import { Dialog } from '~/ui/dialog';
import { Field, TextInput } from '~/ui/field';
import { groupKinds } from './model';

/** Which service: found by a few letters or by its place, with where its key comes from. */
export function KindPicker({
  kinds,
  onChoose,
  onClose,
}: {
  kinds: ProviderKind[];
  onChoose: (kind: ProviderKind) => void;
  onClose: () => void;
}) {
  const t = useT();
  const format = useFormat();
  const [words, setWords] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const openai = kinds.find(({ name }) => name === 'openai')?.label ?? 'OpenAI';
  const groups = groupKinds(kinds, words);
  const only =
    groups.length === 1 && groups[0]?.kinds.length === 1 ? groups[0].kinds[0] : undefined;
  return (
    <Dialog
      isOpen
      onClose={onClose}
      width="wide"
      title={t('settings.providers.add')}
      about={t('settings.providers.choose')}
      focusFirst={search}
    >
      <form
        role="search"
        className="sticky top-0 z-10 -mx-1 bg-surface px-1 pt-1 pb-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (only) onChoose(only);
        }}
      >
        <Field label={t('settings.providers.search')} isLabelHidden className="relative">
          <Search
            size={16}
            strokeWidth={1.75}
            aria-hidden
            className="pointer-events-none absolute bottom-2 left-2.5 z-1 text-fg-3 max-md:bottom-3.5"
          />
          <TextInput
            ref={search}
            type="search"
            value={words}
            placeholder={t('settings.providers.search')}
            spellCheck={false}
            autoComplete="off"
            className="pl-8!"
            onChange={(event) => setWords(event.target.value)}
          />
        </Field>
      </form>
      <div className="flex min-h-80 flex-col gap-5">
        {groups.length === 0 && (
          <p role="status" className="py-8 text-center text-13 text-fg-3">
            {t('settings.providers.noKind', { name: openai })}
          </p>
        )}
        {groups.map(({ group, kinds: list }) => (
          <section key={group} aria-label={t(`settings.kinds.${group}`)}>
            <h3 className="mb-2 text-12 font-medium text-fg-3">{t(`settings.kinds.${group}`)}</h3>
            <ul className="grid gap-2 md:grid-cols-2">
              {list.map((kind) => (
                <li
                  key={kind.name}
                  className="relative flex flex-col rounded-8 border border-line px-4 py-3 transition-colors duration-100 hover:border-line-ctl hover:bg-surface-2"
                >
                  <div className="flex items-baseline justify-between gap-3">
                    <button
                      type="button"
                      onClick={() => onChoose(kind)}
                      className="text-left text-14 font-medium outline-none after:absolute after:inset-0 after:rounded-8 focus-visible:after:outline-2 focus-visible:after:outline-accent"
                    >
                      {kind.label}
                    </button>
                    {kind.key_page && (
                      <a
                        href={kind.key_page}
                        target="_blank"
                        rel="noreferrer noopener"
                        aria-label={t('settings.provider.getKeyOf', { name: kind.label })}
                        className="relative z-1 inline-flex min-h-6 shrink-0 items-center gap-1 text-12 whitespace-nowrap text-accent-text hover:underline"
                      >
                        {t('settings.provider.getKey')}
                        <ExternalLink size={12} aria-hidden />
                      </a>
                    )}
                  </div>
                  <p className="line-clamp-3 text-12 text-fg-2">
                    {pickLanguage(kind.about_en, kind.about_zh, format.language)}
                  </p>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
