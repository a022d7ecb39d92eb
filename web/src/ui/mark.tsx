/** The sign of the house: a stone under glass. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden className="shrink-0">
      <rect width="32" height="32" rx="8" className="fill-ink" />
      <path
        d="M16 6.5 25.5 16 16 25.5 6.5 16Z"
        fill="none"
        strokeWidth="2.2"
        strokeLinejoin="round"
        className="stroke-ink-fg"
      />
      <path d="M16 12.2 19.8 16 16 19.8 12.2 16Z" className="fill-ink-fg" />
    </svg>
  );
}
