import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  addUploads,
  checkFile,
  dropUpload,
  retryUpload,
  uploadSizeMax,
  useUploads,
} from './uploads';

class FakeRequest {
  static all: FakeRequest[] = [];
  upload: { onprogress?: (event: ProgressEvent) => void } = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  status = 0;
  response: unknown = null;
  responseType = '';
  isAborted = false;
  constructor() {
    FakeRequest.all.push(this);
  }
  open() {}
  setRequestHeader() {}
  send() {}
  abort() {
    this.isAborted = true;
    this.onabort?.();
  }
  answer(status: number, response: unknown) {
    this.status = status;
    this.response = response;
    this.onload?.();
  }
}

const picture = (name: string) => new File(['x'], name, { type: 'image/png' });
const states = () => useUploads.getState().items.map((item) => item.state);
const landed = { items: [{ asset: { id: 'A' }, is_duplicate: false, name: 'a', error: null }] };
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(() => {
  FakeRequest.all = [];
  vi.stubGlobal('XMLHttpRequest', FakeRequest);
  useUploads.setState({ items: [] });
});

describe('uploads', () => {
  it('refuse before sending what the server would refuse', () => {
    expect(checkFile({ type: 'application/pdf', size: 1 })?.code).toBe('picture_type');
    expect(checkFile({ type: 'image/svg+xml', size: 1 })?.code).toBe('picture_type');
    expect(checkFile({ type: 'image/png', size: uploadSizeMax + 1 })?.code).toBe('too_large');
    expect(checkFile({ type: 'image/png', size: 10 })).toBeNull();
  });

  it('go three at once and say what landed', async () => {
    const onDone = vi.fn();
    addUploads(
      ['a', 'b', 'c', 'd'].map((name) => picture(`${name}.png`)),
      onDone,
    );
    expect(states()).toEqual(['sending', 'sending', 'sending', 'waiting']);
    FakeRequest.all[0]?.answer(200, landed);
    await settled();
    expect(states()).toEqual(['done', 'sending', 'sending', 'sending']);
    expect(onDone).toHaveBeenCalledExactlyOnceWith({ id: 'A' });
  });

  it('keep a failed one with its reason and send it again', async () => {
    const onDone = vi.fn();
    addUploads([picture('a.png')], onDone);
    FakeRequest.all[0]?.onerror?.();
    await settled();
    expect(states()).toEqual(['failed']);
    expect(useUploads.getState().items[0]?.error).toMatchObject({ code: 'no_connection' });
    retryUpload(useUploads.getState().items[0]?.id ?? '');
    FakeRequest.all[1]?.answer(200, landed);
    await settled();
    expect(states()).toEqual(['done']);
    expect(onDone).toHaveBeenCalledOnce();
  });

  it('show the error of a file that the server read and refused', async () => {
    addUploads([picture('a.png')]);
    FakeRequest.all[0]?.answer(200, {
      items: [{ asset: null, is_duplicate: false, name: 'a', error: { code: 'picture_broken' } }],
    });
    await settled();
    expect(useUploads.getState().items[0]?.error).toMatchObject({ code: 'picture_broken' });
  });

  it('stop when they are taken away', () => {
    addUploads([picture('a.png')]);
    dropUpload(useUploads.getState().items[0]?.id ?? '');
    expect(FakeRequest.all[0]?.isAborted).toBe(true);
    expect(states()).toEqual([]);
  });
});
