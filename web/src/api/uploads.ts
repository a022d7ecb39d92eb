import { create } from 'zustand';
import { randomId } from '~/lib/id';
import { ApiError } from './errors';
import { uploadFile } from './files';
import type { Asset } from './types';

export interface Upload {
  id: string;
  name: string;
  file: File;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  share: number;
  isDuplicate: boolean;
  asset: Asset | null;
  error: unknown;
}

const atOnce = 3;
export const uploadSizeMax = 64 * 1024 * 1024;
const uploadTypes = ['image/png', 'image/jpeg', 'image/webp', 'image/avif', 'image/heic'];

const aborts = new Map<string, AbortController>();
const finished = new Map<string, (asset: Asset) => void>();

/** Files on their way to the library, from whatever page they were dropped on. */
export const useUploads = create<{ items: Upload[] }>(() => ({ items: [] }));

function patch(id: string, change: Partial<Upload>) {
  useUploads.setState(({ items }) => ({
    items: items.map((item) => (item.id === id ? { ...item, ...change } : item)),
  }));
}

/** What is refused before a byte is sent. */
export function checkFile(file: Pick<File, 'type' | 'size'>): ApiError | null {
  if (!uploadTypes.includes(file.type)) return new ApiError(415, { code: 'picture_type' });
  if (file.size > uploadSizeMax) return new ApiError(413, { code: 'too_large' });
  return null;
}

async function send(item: Upload) {
  const abort = new AbortController();
  aborts.set(item.id, abort);
  patch(item.id, { state: 'sending', share: 0, error: null });
  try {
    const answer = await uploadFile(item.file, (share) => patch(item.id, { share }), abort.signal);
    if (answer.asset) {
      patch(item.id, { state: 'done', asset: answer.asset, isDuplicate: answer.is_duplicate });
      finished.get(item.id)?.(answer.asset);
      finished.delete(item.id);
    } else {
      patch(item.id, { state: 'failed', error: new ApiError(422, answer.error ?? {}) });
    }
  } catch (error) {
    patch(item.id, { state: 'failed', error });
  } finally {
    aborts.delete(item.id);
    next();
  }
}

function next() {
  const { items } = useUploads.getState();
  const sending = items.filter((item) => item.state === 'sending').length;
  for (const item of items.filter(({ state }) => state === 'waiting').slice(0, atOnce - sending)) {
    void send(item);
  }
}

/** Queues files; `onDone` gets each asset as it lands.  Their ids, for who shows these alone. */
export function addUploads(files: Iterable<File>, onDone?: (asset: Asset) => void): string[] {
  const items: Upload[] = [];
  for (const file of files) {
    const error = checkFile(file);
    const id = randomId();
    items.push({
      id,
      name: file.name,
      file,
      state: error ? 'failed' : 'waiting',
      share: 0,
      isDuplicate: false,
      asset: null,
      error,
    });
    if (onDone && !error) finished.set(id, onDone);
  }
  useUploads.setState((before) => ({ items: [...before.items, ...items] }));
  next();
  return items.map((item) => item.id);
}

export function retryUpload(id: string) {
  patch(id, { state: 'waiting', error: null });
  next();
}

export function dropUpload(id: string) {
  finished.delete(id);
  aborts.get(id)?.abort();
  useUploads.setState(({ items }) => ({ items: items.filter((item) => item.id !== id) }));
}

export function clearUploads() {
  useUploads.setState(({ items }) => ({
    items: items.filter(({ state }) => state === 'waiting' || state === 'sending'),
  }));
}

/** The picture files of a drop or a paste. */
export function pictureFiles(transfer: DataTransfer | null): File[] {
  return transfer ? [...transfer.files].filter((file) => file.type.startsWith('image/')) : [];
}
