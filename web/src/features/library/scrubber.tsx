import clsx from 'clsx';
import { type KeyboardEvent, type PointerEvent, useMemo, useState } from 'react';
import { useFormat, useT } from '~/lib/i18n';
import type { Section } from './model';
import { sectionAt } from './model';

/** The months at the right edge: drag, click or keys lead there at once. */
export function Scrubber({
  sections,
  tops,
  virtual,
  view,
  onJump,
}: {
  sections: readonly Section[];
  tops: readonly number[];
  virtual: number;
  view: number;
  onJump: (y: number) => void;
}) {
  const t = useT();
  const format = useFormat();
  const [isDragging, setDragging] = useState(false);
  const [height, setHeight] = useState(0);
  const total = tops.at(-1) ?? 0;
  const months = useMemo(() => {
    const counts = new Map<string, number>();
    for (const { day, count } of sections) {
      const month = day.slice(0, 7);
      counts.set(month, (counts.get(month) ?? 0) + count);
    }
    return counts;
  }, [sections]);
  // Years where there are some, else months; none too near the one before.
  const marks = useMemo(() => {
    const isLong = new Set(sections.map(({ day }) => day.slice(0, 4))).size > 1;
    let last = -100;
    let before = '';
    return sections.flatMap(({ day }, index) => {
      const name = day.slice(0, isLong ? 4 : 7);
      const y = total > 0 ? ((tops[index] ?? 0) / total) * height : 0;
      if (name === before || y - last < 28 || y > height - 16) return [];
      before = name;
      last = y;
      return [{ day, y, isLong }];
    });
  }, [sections, tops, total, height]);

  const end = Math.max(1, total - view);
  const here = sectionAt(tops, virtual + 1);
  const share = Math.min(1, Math.max(0, virtual / end));
  const day = sections[here]?.day ?? '';
  const words = t('library.scrubber.month', {
    month: day ? format.month(day) : '',
    count: months.get(day.slice(0, 7)) ?? 0,
    value: format.number(months.get(day.slice(0, 7)) ?? 0),
  });

  const jump = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    onJump(Math.min(1, Math.max(0, (event.clientY - box.top) / box.height)) * end);
  };
  const toSection = (index: number) =>
    onJump(tops[Math.min(sections.length - 1, Math.max(0, index))] ?? 0);
  /** The first day of the next month, or of the one before. */
  const otherMonth = (step: 1 | -1) => {
    const month = day.slice(0, 7);
    let index = here;
    while (sections[index]?.day.startsWith(month)) index += step;
    const wanted = sections[index]?.day.slice(0, 7) ?? '';
    while (step < 0 && wanted && sections[index - 1]?.day.startsWith(wanted)) index--;
    return index;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') toSection(here + 1);
    else if (event.key === 'ArrowUp') toSection(here - 1);
    else if (event.key === 'PageDown') toSection(otherMonth(1));
    else if (event.key === 'PageUp') toSection(otherMonth(-1));
    else if (event.key === 'Home') onJump(0);
    else if (event.key === 'End') onJump(end);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      role="slider"
      tabIndex={0}
      ref={(element) => {
        if (!element) return undefined;
        const observer = new ResizeObserver(() => setHeight(element.clientHeight));
        observer.observe(element);
        return () => observer.disconnect();
      }}
      aria-label={t('library.scrubber.label')}
      aria-orientation="vertical"
      aria-valuemin={1}
      aria-valuemax={Math.max(1, sections.length)}
      aria-valuenow={here + 1}
      aria-valuetext={`${day ? format.day(day) : ''}, ${words}`}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragging(true);
        jump(event);
      }}
      onPointerMove={(event) => isDragging && jump(event)}
      onPointerUp={() => setDragging(false)}
      onPointerCancel={() => setDragging(false)}
      className="group/scrubber absolute inset-y-2 right-0 z-10 w-7 cursor-ns-resize touch-none select-none"
    >
      {marks.map((mark) => (
        <span
          key={mark.day}
          aria-hidden
          className="pointer-events-none absolute right-1 text-11 text-fg-3 tabular-nums opacity-0 transition-opacity duration-100 group-hover/scrubber:opacity-100 group-focus-visible/scrubber:opacity-100"
          style={{ top: mark.y }}
        >
          {mark.isLong ? mark.day.slice(0, 4) : Number(mark.day.slice(5, 7))}
        </span>
      ))}
      <span
        aria-hidden
        className="pointer-events-none absolute right-1 h-8 w-1 rounded-full bg-fg-3 group-hover/scrubber:bg-accent group-focus-visible/scrubber:bg-accent"
        style={{ top: share * Math.max(0, height - 32) }}
      />
      <span
        aria-hidden
        className={clsx(
          'pointer-events-none absolute right-8 rounded-8 bg-surface px-2.5 py-1 text-12 font-medium whitespace-nowrap shadow-2 outline outline-line transition-opacity duration-100 group-focus-visible/scrubber:opacity-100',
          isDragging ? 'opacity-100' : 'opacity-0',
        )}
        style={{ top: share * Math.max(0, height - 32) }}
      >
        {words}
      </span>
    </div>
  );
}
