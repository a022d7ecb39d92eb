import { thumbHashToAverageRGBA, thumbHashToDataURL } from 'thumbhash';

function decode(hash: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.from(atob(hash), (char) => char.charCodeAt(0));
    return bytes.length >= 5 ? bytes : null;
  } catch {
    return null;
  }
}

const urls = new Map<string, string | null>();
const keptMax = 2000;

/** A tiny blurred picture as a data URL; null for a hash that is none. */
export function thumbhashUrl(hash: string): string | null {
  const known = urls.get(hash);
  if (known !== undefined) return known;
  const bytes = decode(hash);
  let url: string | null = null;
  if (bytes) {
    try {
      url = thumbHashToDataURL(bytes);
    } catch {
      url = null; // a cut hash reads past its end
    }
  }
  if (urls.size >= keptMax) urls.clear();
  urls.set(hash, url);
  return url;
}

export function thumbhashColor(hash: string): string | null {
  const bytes = decode(hash);
  if (!bytes) return null;
  const { r, g, b } = thumbHashToAverageRGBA(bytes);
  const part = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 255);
  return `rgb(${part(r)} ${part(g)} ${part(b)})`;
}
