import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { useSize } from './use-size';
import { clampView, fitZoom, type Size, type View, zoomAt } from './zoom-pan';

interface Point {
  clientX: number;
  clientY: number;
}

/**
 * How a picture is looked at: fitted until somebody zooms, by wheel, pinch, keys; one pointer moves
 * it. Each stage that shares the view is given the same handlers, so that several move together.
 */
export function useZoomPan(
  pixels: Size,
  options: {
    /** whether one pointer moves the picture; two always pinch */
    pansWithOne?: boolean;
    /** a quick stroke to the side while the whole picture is seen: 1 is the next */
    onSwipe?: (step: 1 | -1) => void;
  } = {},
) {
  const { pansWithOne = true, onSwipe } = options;
  const [sizeRef, room] = useSize();
  const [view, setView] = useState<View | null>(null);
  const [isDragging, setDragging] = useState(false);
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const swipe = useRef<{ id: number; x: number; y: number } | null>(null);

  const ratio = (typeof window !== 'undefined' && window.devicePixelRatio) || 1;
  // "100 %" is one picture pixel on one screen pixel.
  const picture = { width: pixels.width / ratio, height: pixels.height / ratio };
  const least = fitZoom(picture, room);
  const shown = view ? clampView(view, picture, room) : { zoom: least, x: 0, y: 0 };
  const isZoomed = view !== null && shown.zoom > least * 1.001;

  const zoomTo = (zoom: number, at = { x: 0, y: 0 }) => {
    const next = zoomAt(shown, zoom, at, picture, room);
    setView(next.zoom <= least * 1.001 ? null : next);
  };
  const pan = (x: number, y: number) =>
    setView(clampView({ ...shown, x: shown.x + x, y: shown.y + y }, picture, room));
  const fit = () => setView(null);

  const fromCentre = (element: Element, event: Point) => {
    const box = element.getBoundingClientRect();
    return {
      x: event.clientX - box.left - box.width / 2,
      y: event.clientY - box.top - box.height / 2,
    };
  };

  // A wheel listener must be able to keep the page from zooming itself.
  const onWheel = useRef<(element: Element, event: WheelEvent) => void>(() => {});
  onWheel.current = (element, event) => {
    event.preventDefault();
    zoomTo(
      shown.zoom * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)),
      fromCentre(element, event),
    );
  };
  const listenToWheel = useRef((element: HTMLElement | null) => {
    if (!element) return undefined;
    const listen = (event: WheelEvent) => onWheel.current(element, event);
    element.addEventListener('wheel', listen, { passive: false });
    return () => element.removeEventListener('wheel', listen);
  }).current;
  /** For the stage whose room counts. */
  const stageRef = useRef((element: HTMLElement | null) => {
    const ends = [listenToWheel(element), sizeRef(element)];
    return () => {
      for (const end of ends) end?.();
    };
  }).current;
  // A stage that is gone gets no pointer's end.
  useEffect(() => () => pointers.current.clear(), []);

  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0 && event.button !== 1) return;
      pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      event.currentTarget.setPointerCapture(event.pointerId);
      swipe.current =
        pointers.current.size === 1 && !isZoomed && event.pointerType !== 'mouse'
          ? { id: event.pointerId, x: event.clientX, y: event.clientY }
          : null;
      setDragging(true);
    },
    onPointerMove: (event: PointerEvent) => {
      const before = pointers.current.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
      pointers.current.set(event.pointerId, now);
      if (other) {
        const was = Math.hypot(before.x - other.x, before.y - other.y);
        const is = Math.hypot(now.x - other.x, now.y - other.y);
        const middle = { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 };
        if (was > 0) zoomTo(shown.zoom * (is / was), fromCentre(event.currentTarget, middle));
      } else if (isZoomed && (pansWithOne || event.buttons === 4)) {
        pan(now.x - before.x, now.y - before.y);
      }
    },
    onPointerUp: (event: PointerEvent) => {
      const began = swipe.current;
      if (began?.id === event.pointerId && onSwipe) {
        const x = event.clientX - began.x;
        if (Math.abs(x) > 48 && Math.abs(x) > 2 * Math.abs(event.clientY - began.y)) {
          onSwipe(x < 0 ? 1 : -1);
        }
      }
      end(event);
    },
    onPointerCancel: (event: PointerEvent) => end(event),
  };
  const end = (event: PointerEvent) => {
    pointers.current.delete(event.pointerId);
    swipe.current = null;
    setDragging(pointers.current.size > 0);
  };

  return {
    room,
    picture,
    shown,
    least,
    ratio,
    isZoomed,
    isDragging,
    stageRef,
    listenToWheel,
    handlers,
    pointerCount: () => pointers.current.size,
    fromCentre,
    zoomTo,
    zoomBy: (factor: number) => zoomTo(shown.zoom * factor),
    pan,
    fit,
  };
}

export type ZoomPan = ReturnType<typeof useZoomPan>;
