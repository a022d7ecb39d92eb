import { describe, expect, it } from 'vitest';
import { clampView, fitZoom, zoomAt, zoomMax } from './zoom-pan';

const picture = { width: 2000, height: 1000 };
const room = { width: 1000, height: 800 };

describe('zoom and pan', () => {
  it('fits without enlarging', () => {
    expect(fitZoom(picture, room)).toBe(0.5);
    expect(fitZoom({ width: 100, height: 100 }, room)).toBe(1);
    expect(fitZoom({ width: 0, height: 0 }, room)).toBe(1);
  });

  it('keeps the point under the pointer in place', () => {
    const before = { zoom: 1, x: 0, y: 0 };
    const at = { x: 120, y: -40 };
    const after = zoomAt(before, 2, at, picture, room);
    const pointBefore = { x: (at.x - before.x) / before.zoom, y: (at.y - before.y) / before.zoom };
    const pointAfter = { x: (at.x - after.x) / after.zoom, y: (at.y - after.y) / after.zoom };
    expect(pointAfter.x).toBeCloseTo(pointBefore.x);
    expect(pointAfter.y).toBeCloseTo(pointBefore.y);
  });

  it('never zooms below fitting nor above the limit', () => {
    expect(zoomAt({ zoom: 1, x: 0, y: 0 }, 0.01, { x: 0, y: 0 }, picture, room).zoom).toBe(0.5);
    expect(zoomAt({ zoom: 1, x: 0, y: 0 }, 99, { x: 0, y: 0 }, picture, room).zoom).toBe(zoomMax);
  });

  it('centres what is smaller than the room and stops at edges', () => {
    expect(clampView({ zoom: 0.5, x: 300, y: 300 }, picture, room)).toEqual({
      zoom: 0.5,
      x: 0,
      y: 0,
    });
    expect(clampView({ zoom: 1, x: 9999, y: -9999 }, picture, room)).toEqual({
      zoom: 1,
      x: 500,
      y: -100,
    });
  });
});
