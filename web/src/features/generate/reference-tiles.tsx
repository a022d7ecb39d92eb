import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import clsx from 'clsx';
import { ArrowLeft, ArrowRight, Brush, X } from 'lucide-react';
import { type DragEvent, useState } from 'react';
import { errorText } from '~/api/errors';
import { assetQuery } from '~/api/queries';
import { useT } from '~/lib/i18n';
import { moveItem } from '~/lib/move-item';
import { type ReferenceRole, referenceRoles } from '~/lib/reference-roles';
import { IconButton } from '~/ui/button';
import { ContextMenu, Menu } from '~/ui/menu';
import { Picture } from '~/ui/picture';

interface TilesProps {
  ids: string[];
  /** how many the model takes; those after are marked */
  most: number;
  onChange: (ids: string[]) => void;
  roles: Record<string, ReferenceRole>;
  onRole: (id: string, role: ReferenceRole | undefined) => void;
  /** the shape of a place in the list */
  className: string;
}

/** The pictures that are chosen already, each a list item; dragged or by menu into another order. */
export function ReferenceTiles(props: TilesProps) {
  const { ids, onChange } = props;
  const [dragged, setDragged] = useState(-1);
  return ids.map((id, index) => (
    <Tile
      key={id}
      {...props}
      id={id}
      index={index}
      isDragged={dragged === index}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move';
        event.dataTransfer.setData('text/plain', id);
        setDragged(index);
      }}
      onDragEnd={() => setDragged(-1)}
      onDragOver={(event) => {
        if (dragged < 0) return;
        event.preventDefault();
        if (dragged !== index) {
          onChange(moveItem(ids, dragged, index));
          setDragged(index);
        }
      }}
    />
  ));
}

function Tile({
  ids,
  most,
  onChange,
  roles,
  onRole,
  className,
  id,
  index,
  isDragged,
  ...drag
}: TilesProps & {
  id: string;
  index: number;
  isDragged: boolean;
  onDragStart: (event: DragEvent) => void;
  onDragEnd: () => void;
  onDragOver: (event: DragEvent) => void;
}) {
  const t = useT();
  const navigate = useNavigate();
  const { data: asset, error } = useQuery(assetQuery(id));
  const remove = () => onChange(ids.filter((one) => one !== id));
  const role = roles[id];
  const name = role
    ? t('generate.references.itemRole', {
        index: index + 1,
        role: t(`common.referenceRole.${role}`),
      })
    : t('generate.references.item', { index: index + 1 });
  const entries = [
    index > 0 && {
      label: t('generate.references.earlier'),
      icon: ArrowLeft,
      run: () => onChange(moveItem(ids, index, index - 1)),
    },
    index < ids.length - 1 && {
      label: t('generate.references.later'),
      icon: ArrowRight,
      run: () => onChange(moveItem(ids, index, index + 1)),
    },
    {
      label: t('generate.slot.maskEdit'),
      icon: Brush,
      run: () => void navigate({ to: '/library/$asset/edit', params: { asset: id } }),
    },
    { label: t('generate.references.remove'), icon: X, run: remove },
    'line',
    ...referenceRoles.map((one) => ({
      label: t('generate.references.as', { role: t(`common.referenceRole.${one}`) }),
      isChosen: one === role,
      run: () => onRole(id, one === role ? undefined : one),
    })),
  ] as const;
  return (
    <ContextMenu entries={entries}>
      <li
        draggable
        {...drag}
        className={clsx(
          className,
          'group',
          isDragged && 'opacity-50',
          (index >= most || error) && 'outline-2 !outline-bad',
        )}
      >
        <Menu
          align="start"
          isDraggable
          entries={entries}
          trigger={
            <button type="button" aria-label={name} className="size-full focus-on-picture">
              {asset && <Picture asset={asset} sizes={64} alt="" />}
              {error && <span className="block p-1 text-11 text-bad">{errorText(error, t)}</span>}
            </button>
          }
        />
        <span
          aria-hidden
          className="pointer-events-none absolute bottom-0.5 left-0.5 flex h-4 min-w-4 max-w-15 items-center justify-center rounded-4 bg-picture-scrim px-1 text-11 text-picture-fg"
        >
          <span className="truncate">
            {role ? `${index + 1} ${t(`common.referenceRole.${role}`)}` : index + 1}
          </span>
        </span>
        <IconButton
          icon={X}
          label={t('generate.references.remove')}
          look="picture"
          className="absolute top-0.5 right-0.5 !size-6 !rounded-6 opacity-0 transition-opacity focus-visible:opacity-100 group-hover:opacity-100 max-md:opacity-100"
          onClick={remove}
        />
      </li>
    </ContextMenu>
  );
}
