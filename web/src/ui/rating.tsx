import clsx from 'clsx';
import { Star } from 'lucide-react';
import { useT } from '~/lib/i18n';
import { onRadioKeys } from './radio-keys';

/** Five stars; the chosen one again takes the rating away. */
export function Rating({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const t = useT();
  return (
    <div
      role="radiogroup"
      aria-label={t('common.rating.label')}
      onKeyDown={onRadioKeys}
      className="flex"
    >
      {[1, 2, 3, 4, 5].map((stars) => (
        <button
          key={stars}
          type="button"
          role="radio"
          aria-checked={value === stars}
          tabIndex={stars === (value || 1) ? 0 : -1}
          aria-label={t('common.rating.stars', { count: stars })}
          onClick={() => onChange(value === stars ? 0 : stars)}
          className="flex size-7 items-center justify-center rounded-6 hover:bg-surface-2 touch:size-11"
        >
          <Star
            size={16}
            strokeWidth={1.75}
            aria-hidden
            className={clsx(stars <= value ? 'fill-warn-solid text-warn-solid' : 'text-fg-3')}
          />
        </button>
      ))}
    </div>
  );
}
