import { useRef, useState } from 'react';
import { pageFirst, type Scope } from '~/lib/commands';
import { useT } from '~/lib/i18n';
import { Dialog } from '~/ui/dialog';
import { Keys } from '~/ui/keys';

/** Every key that acts here, by place; drawn from the same objects as the buttons. */
export function KeySheet({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [commands] = useState(pageFirst);
  const list = useRef<HTMLDivElement>(null);
  const groups = new Map<Scope, typeof commands>();
  for (const command of commands) {
    if (command.keys.length === 0) continue;
    const group = groups.get(command.scope) ?? [];
    if (!group.some((one) => one.id === command.id)) group.push(command);
    groups.set(command.scope, group);
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={t('common.command.sheet')}
      width="wide"
      focusFirst={list}
    >
      <div ref={list} tabIndex={-1} className="gap-8 outline-none md:columns-2">
        {[...groups].map(([scope, group]) => (
          <section key={scope} className="mb-5 break-inside-avoid">
            <h3 className="mb-1 text-12 font-medium text-fg-3">{t(`common.scope.${scope}`)}</h3>
            <dl>
              {group.map((command) => (
                <div
                  key={command.id}
                  className="flex min-h-8 items-center justify-between gap-4 border-line border-b text-13"
                >
                  <dt>{t(command.labelKey)}</dt>
                  <dd className="flex gap-2">
                    {command.keys.map((keys) => (
                      <Keys key={keys} keys={keys} />
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
