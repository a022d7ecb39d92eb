import { randomId } from '~/lib/id';
import { ApiError } from './errors';
import type { Mask, UploadItem } from './types';

export type Variant = 'thumb' | 'medium' | 'preview' | 'original';

export const variantWidths: Record<Exclude<Variant, 'original'>, number> = {
  thumb: 320,
  medium: 640,
  preview: 1600,
};

export function assetUrl(id: string, variant: Variant): string {
  return `/api/v1/assets/${encodeURIComponent(id)}/file?variant=${variant}`;
}

export function downloadUrl(id: string): string {
  return `${assetUrl(id, 'original')}&download=1`;
}

/** To the browser's downloads, under the name that the server gives. */
export function saveFile(path: string) {
  const link = document.createElement('a');
  link.href = path;
  link.download = '';
  link.click();
}

export function partialUrl(taskId: string, index: number, version: number): string {
  return `/api/v1/tasks/${encodeURIComponent(taskId)}/partials/${index}?v=${version}`;
}

/** Sends one file with progress; XMLHttpRequest, since fetch tells no upload progress. */
function send<T>(
  path: string,
  file: Blob,
  name: string,
  onProgress: (share: number) => void,
  signal: AbortSignal | null,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('X-Vitrine', '1');
    request.setRequestHeader('Idempotency-Key', randomId());
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status < 300 && request.response) resolve(request.response as T);
      else reject(new ApiError(request.status, request.response ?? {}));
    };
    request.onerror = () => reject(new ApiError(0, {}));
    request.onabort = () => reject(new ApiError(0, { code: 'cancelled' }));
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    const form = new FormData();
    form.append('file', file, name);
    request.send(form);
  });
}

export async function uploadFile(
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<UploadItem> {
  const answer = await send<{ items?: UploadItem[] }>(
    '/api/v1/assets',
    file,
    file.name || 'picture',
    onProgress,
    signal,
  );
  const item = answer.items?.[0];
  if (!item) throw new ApiError(0, {});
  return item;
}

/** A mask serves an edit and is no picture of the library. */
export function uploadMask(png: Blob): Promise<Mask> {
  return send('/api/v1/masks', png, 'mask.png', () => {}, null);
}
