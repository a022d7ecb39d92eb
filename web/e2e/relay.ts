import {
  createServer,
  type Server as HttpServer,
  type IncomingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http';

/**
 * Stands between the browser and the server, and does to the stream of events what networks do: cuts
 * it, swallows what it brings, or has the server's order to start anew come after a gap.
 */
export class Relay {
  url = '';
  isMuted = false;
  #target: URL;
  #streams = new Set<ServerResponse>();
  #server: HttpServer;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      const isStream = incoming.url?.startsWith('/api/v1/events') ?? false;
      const forward = request(
        {
          hostname: this.#target.hostname,
          port: this.#target.port,
          path: incoming.url,
          method: incoming.method,
          headers: this.#rewrite(incoming.headers),
          agent: false,
        },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          if (!isStream) {
            answer.pipe(outgoing);
            return;
          }
          this.#streams.add(outgoing);
          answer.on('data', (bytes: Buffer) => this.isMuted || outgoing.write(bytes));
          answer.on('end', () => outgoing.end());
        },
      );
      forward.on('error', () => outgoing.destroy());
      outgoing.on('close', () => {
        this.#streams.delete(outgoing);
        forward.destroy();
      });
      incoming.pipe(forward);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  }

  /** The server answers to its own name alone. */
  #rewrite(headers: IncomingHttpHeaders): IncomingHttpHeaders {
    const own = { ...headers, host: this.#target.host };
    if (own.origin) own.origin = this.#target.origin;
    return own;
  }

  get streams(): number {
    return this.#streams.size;
  }

  cut(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** An event as the server would say it. */
  tell(kind: string, data: object): void {
    for (const stream of this.#streams) {
      stream.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  }

  /** The server's word for "you missed something: ask for all of it again". */
  reset(): void {
    this.tell('reset', {});
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
