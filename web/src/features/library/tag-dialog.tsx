import { useQuery } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { tagsQuery } from '~/api/queries';
import type { Asset } from '~/api/types';
import { useT } from '~/lib/i18n';
import { Button } from '~/ui/button';
import { Dialog } from '~/ui/dialog';
import { Field, TextInput } from '~/ui/field';

/** Adds tags to what is selected, or takes them away. */
export function TagDialog({
  assets,
  onAdd,
  onRemove,
  onClose,
}: {
  assets: readonly Asset[];
  /** false: refused, and told */
  onAdd: (tag: string) => Promise<boolean>;
  onRemove: (tag: string) => Promise<boolean>;
  onClose: () => void;
}) {
  const t = useT();
  const { data: known } = useQuery(tagsQuery);
  const [text, setText] = useState('');
  const [changed, setChanged] = useState<ReadonlyMap<string, boolean>>(new Map());
  const input = useRef<HTMLInputElement>(null);
  // The pictures may be out of sight, where nobody tells this dialog how they change.
  const had = assets.flatMap((asset) => asset.tags).filter((tag) => changed.get(tag) !== false);
  const added = [...changed].filter(([, isOn]) => isOn).map(([tag]) => tag);
  const present = [...new Set([...had, ...added])].sort();
  const offered = (known ?? [])
    .filter(
      (tag) =>
        !present.includes(tag.name) && tag.name.toLowerCase().includes(text.trim().toLowerCase()),
    )
    .slice(0, 12);
  const put = async (tag: string, isOn: boolean) => {
    setChanged((before) => new Map(before).set(tag, isOn));
    if (await (isOn ? onAdd(tag) : onRemove(tag))) return;
    setChanged((before) => new Map([...before].filter(([name]) => name !== tag)));
  };
  const add = (tag: string) => {
    const name = tag.trim();
    if (!name) return;
    void put(name, true);
    setText('');
    input.current?.focus();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t('library.tags.title')}
      focusFirst={input}
      foot={<Button onClick={onClose}>{t('common.close')}</Button>}
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          add(text);
        }}
      >
        <Field label={t('library.tags.add')} help={t('library.tags.help')}>
          <TextInput
            ref={input}
            value={text}
            maxLength={100}
            onChange={(event) => setText(event.target.value)}
          />
        </Field>
        {offered.length > 0 && (
          <div className="flex flex-wrap gap-1.5">
            {offered.map((tag) => (
              <Button key={tag.name} height="dense" icon={Plus} onClick={() => add(tag.name)}>
                {tag.name}
              </Button>
            ))}
          </div>
        )}
        {present.length > 0 && (
          <div>
            <h3 className="mb-1 text-12 text-fg-3">{t('library.tags.present')}</h3>
            <div className="flex flex-wrap gap-1.5">
              {present.map((tag) => (
                <button
                  key={tag}
                  type="button"
                  aria-label={t('library.tags.remove', { name: tag })}
                  onClick={() => void put(tag, false)}
                  className="inline-flex h-7 items-center gap-1 rounded-full bg-surface-2 pr-1.5 pl-3 text-12 hover:bg-surface-3 touch:h-11"
                >
                  {tag}
                  <X size={14} aria-hidden />
                </button>
              ))}
            </div>
          </div>
        )}
      </form>
    </Dialog>
  );
}
