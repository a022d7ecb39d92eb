import { type MouseEvent as Press, type RefObject, useEffect, useRef, useState } from 'react';
import type { Place } from '~/lib/scaled-scroll';
import {
  type Box,
  isChoosing,
  type Layout,
  mark,
  noSelection,
  type Section,
  type Selection,
  sectionAt,
  touchedBy,
} from './model';
import { gap } from './section';

/** px that a hand may tremble */
const slack = 4;
/** px from an edge within which the grid scrolls, and how far in a frame at most */
const edge = 48;
const pace = 24;

interface Field {
  scroller: RefObject<HTMLElement | null>;
  place: RefObject<Place>;
  layouts: RefObject<Map<string, Layout>>;
  sections: readonly Section[];
  tops: readonly number[];
  view: number;
  selection: Selection;
  onSelect: (selection: Selection) => void;
  scrollTo: (virtual: number) => void;
}

interface Drag {
  /** where it began: in the section, which may move while others above it are loaded */
  key: string;
  inside: number;
  x: number;
  /** the pointer, in the window */
  at: { x: number; y: number };
  before: Selection;
  base: Selection;
  /** the days that were passed; the grid forgets those that are far */
  seen: Map<string, Layout>;
  touched: string;
  frame: number;
  isMoving: boolean;
}

/**
 * A box drawn by the mouse from the background selects what it touches; Shift adds, Escape takes it back, at the
 * edges the grid scrolls. What it touches is computed: most of it may not be drawn.
 */
export function useDragBox(field: Field) {
  const latest = useRef(field);
  latest.current = field;
  const drag = useRef<Drag | null>(null);
  const [box, setBox] = useState<Box | null>(null);

  const end = useRef(() => {});
  useEffect(() => () => end.current(), []);

  const update = () => {
    const one = drag.current;
    const { scroller, place, layouts, sections, tops, view, onSelect } = latest.current;
    const grid = scroller.current?.firstElementChild?.getBoundingClientRect();
    const frame = scroller.current?.getBoundingClientRect();
    if (!one || !grid || !frame) return;
    for (const [key, layout] of layouts.current) one.seen.set(key, layout);
    const { virtual } = place.current;
    const index = Math.max(
      0,
      sections.findIndex(({ key }) => key === one.key),
    );
    const from = { x: one.x, y: (tops[index] ?? 0) + one.inside };
    const to = {
      x: one.at.x - grid.left,
      y: virtual + Math.min(view, Math.max(0, one.at.y - frame.top)),
    };
    const next = {
      left: Math.min(from.x, to.x),
      right: Math.max(from.x, to.x),
      top: Math.min(from.y, to.y),
      bottom: Math.max(from.y, to.y),
    };
    const ids = touchedBy(sections, tops, one.seen, next, gap);
    const touched = ids.join();
    if (touched !== one.touched) {
      one.touched = touched;
      onSelect({ ...mark(one.base, ids, true), anchor: ids[0] ?? one.base.anchor });
    }
    const shift = grid.left - frame.left;
    setBox({
      left: Math.max(0, next.left + shift),
      right: Math.min(frame.width, next.right + shift),
      top: Math.max(0, next.top - virtual),
      bottom: Math.min(view, next.bottom - virtual),
    });
  };

  const onMouseDown = (event: Press) => {
    const { scroller, place, sections, tops, selection } = latest.current;
    const target = event.target as Element;
    const grid = scroller.current?.firstElementChild?.getBoundingClientRect();
    const frame = scroller.current?.getBoundingClientRect();
    if (event.button !== 0 || target.closest('[data-tile], button') || !grid || !frame) return;
    if (event.clientX - frame.left >= (scroller.current?.clientWidth ?? 0)) return; // its scroll bar
    const y = place.current.virtual + event.clientY - frame.top;
    const index = sectionAt(tops, y);
    const begin = { x: event.clientX, y: event.clientY };
    const one: Drag = {
      key: sections[index]?.key ?? '',
      inside: y - (tops[index] ?? 0),
      x: event.clientX - grid.left,
      at: begin,
      before: selection,
      base: event.shiftKey ? selection : noSelection,
      seen: new Map(),
      touched: '',
      frame: 0,
      isMoving: false,
    };
    drag.current = one;
    const step = () => {
      const { scroller: element, place: now, view, scrollTo } = latest.current;
      const inside = one.at.y - (element.current?.getBoundingClientRect().top ?? 0);
      const over = inside < edge ? inside - edge : Math.max(0, inside - view + edge);
      if (over !== 0) {
        scrollTo(now.current.virtual + (Math.max(-edge, Math.min(edge, over)) / edge) * pace);
      }
      update();
      one.frame = requestAnimationFrame(step);
    };
    const onMove = (move: MouseEvent) => {
      if (move.buttons === 0) {
        finish();
        return;
      }
      one.at = { x: move.clientX, y: move.clientY };
      if (one.isMoving || Math.hypot(one.at.x - begin.x, one.at.y - begin.y) <= slack) return;
      one.isMoving = true;
      if (!event.shiftKey && isChoosing(one.before)) latest.current.onSelect(noSelection);
      step();
    };
    const onKey = (key: KeyboardEvent) => {
      if (key.key !== 'Escape' || !one.isMoving) return;
      key.preventDefault();
      key.stopImmediatePropagation();
      latest.current.onSelect(one.before);
      finish();
    };
    const finish = () => {
      cancelAnimationFrame(one.frame);
      window.removeEventListener('mousemove', onMove);
      window.removeEventListener('mouseup', finish);
      window.removeEventListener('keydown', onKey, true);
      drag.current = null;
      end.current = () => {};
      setBox(null);
    };
    window.addEventListener('mousemove', onMove);
    window.addEventListener('mouseup', finish);
    window.addEventListener('keydown', onKey, true);
    end.current = finish;
  };

  const drawn = box && (
    <div
      aria-hidden
      data-drag-box
      className="pointer-events-none absolute z-10 rounded-4 border border-accent bg-accent/15"
      style={{
        left: box.left,
        top: box.top,
        width: Math.max(0, box.right - box.left),
        height: Math.max(0, box.bottom - box.top),
      }}
    />
  );
  return { onMouseDown, drawn };
}
