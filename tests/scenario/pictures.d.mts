// For the page's end-to-end tests.
export function withExif(jpeg: Buffer, maker: string, orientation: number): Buffer;
