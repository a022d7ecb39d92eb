export interface View {
  /** screen pixels per picture pixel */
  zoom: number;
  /** picture centre relative to the room's centre, screen pixels */
  x: number;
  y: number;
}
export interface Size {
  width: number;
  height: number;
}

export const zoomMax = 8;

/** The zoom at which the whole picture is seen, never above its own pixels. */
export function fitZoom(picture: Size, room: Size): number {
  if (picture.width <= 0 || picture.height <= 0) return 1;
  return Math.max(0.01, Math.min(1, room.width / picture.width, room.height / picture.height));
}

/** Keeps the picture in sight: smaller than the room it is centred, larger its edge stops at the edge. */
export function clampView(view: View, picture: Size, room: Size): View {
  const spareX = Math.max(0, (picture.width * view.zoom - room.width) / 2);
  const spareY = Math.max(0, (picture.height * view.zoom - room.height) / 2);
  return {
    zoom: view.zoom,
    x: Math.min(spareX, Math.max(-spareX, view.x)),
    y: Math.min(spareY, Math.max(-spareY, view.y)),
  };
}

/** Zooms so that the point of the picture under `at` (relative to the room's centre) stays there. */
export function zoomAt(
  view: View,
  zoom: number,
  at: { x: number; y: number },
  picture: Size,
  room: Size,
): View {
  const least = fitZoom(picture, room);
  const next = Math.min(zoomMax, Math.max(least, zoom));
  const factor = next / view.zoom;
  return clampView(
    { zoom: next, x: at.x - (at.x - view.x) * factor, y: at.y - (at.y - view.y) * factor },
    picture,
    room,
  );
}
