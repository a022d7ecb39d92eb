import { randomId } from '~/lib/id';
import { ApiError } from './errors';
import type { UploadItem } from './types';

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

export function partialUrl(taskId: string, index: number, version: number): string {
  return `/api/v1/tasks/${encodeURIComponent(taskId)}/partials/${index}?v=${version}`;
}

/** Sends one file with progress; XMLHttpRequest, since fetch tells no upload progress. */
export function uploadFile(
  file: File,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<UploadItem> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/v1/assets');
    request.setRequestHeader('X-Vitrine', '1');
    request.setRequestHeader('Idempotency-Key', randomId());
    request.responseType = 'json';
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      const item = request.response?.items?.[0] as UploadItem | undefined;
      if (request.status < 300 && item) resolve(item);
      else reject(new ApiError(request.status, request.response ?? {}));
    };
    request.onerror = () => reject(new ApiError(0, {}));
    request.onabort = () => reject(new ApiError(0, { code: 'cancelled' }));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    const form = new FormData();
    form.append('file', file, file.name || 'picture');
    request.send(form);
  });
}
