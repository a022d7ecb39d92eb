import clsx from 'clsx';

/** A ring that fills; without a known share it has no arc and only breathes (and goes still for those who ask). */
export function ProgressRing({
  share,
  label,
  size = 40,
  isOnPicture = false,
}: {
  share: number | null;
  label: string;
  size?: number;
  isOnPicture?: boolean;
}) {
  const radius = size / 2 - 3;
  const around = 2 * Math.PI * radius;
  const ring = { cx: size / 2, cy: size / 2, r: radius, fill: 'none', strokeWidth: 3 };
  const known = isOnPicture ? 'stroke-picture-fg/35' : 'stroke-line-ctl/30';
  const unknown = isOnPicture ? 'stroke-picture-fg/60' : 'stroke-line-ctl/60';
  const under = share === null ? unknown : known;
  return (
    <svg
      width={size}
      height={size}
      viewBox={`0 0 ${size} ${size}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      className={clsx(share === null && 'sheen')}
    >
      <circle {...ring} className={under} />
      {share !== null && (
        <circle
          {...ring}
          strokeLinecap="round"
          className={clsx(
            'transition-[stroke-dashoffset] duration-200 ease-out',
            isOnPicture ? 'stroke-picture-fg' : 'stroke-accent',
          )}
          strokeDasharray={around}
          strokeDashoffset={around * (1 - share)}
          transform={`rotate(-90 ${size / 2} ${size / 2})`}
        />
      )}
    </svg>
  );
}

export function ProgressBar({ share, label }: { share: number; label: string }) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      className="h-1 overflow-hidden rounded-full bg-surface-3"
    >
      <div
        className="h-full origin-left rounded-full bg-accent transition-transform duration-200 ease-out"
        style={{ transform: `scaleX(${Math.min(1, Math.max(0, share))})` }}
      />
    </div>
  );
}
