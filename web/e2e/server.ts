import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const binary = process.env.VITRINE_BIN;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** One vitrine on a fresh data folder; it can be killed and started again on the same folder. */
export class Server {
  readonly data = mkdtempSync(join(tmpdir(), 'vitrine-e2e-'));
  url = '';
  output = '';
  #port = 0;
  #process: ChildProcess | null = null;

  async start(): Promise<void> {
    if (!binary) throw new Error('set VITRINE_BIN to the binary under test');
    if (!this.#port) this.#port = await freePort();
    this.url = `http://127.0.0.1:${this.#port}`;
    this.output = '';
    const child = spawn(binary, ['serve'], {
      env: {
        ...process.env,
        VITRINE_DATA: this.data,
        VITRINE_LISTEN: `127.0.0.1:${this.#port}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const take = (bytes: Buffer) => {
      this.output += bytes.toString();
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    this.#process = child;
    for (let tries = 0; tries < 200; tries++) {
      if (child.exitCode !== null) break;
      try {
        const answer = await fetch(`${this.url}/api/v1/setup`);
        if (answer.ok) return;
      } catch {
        // not listening yet
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server did not start:\n${this.output}`);
  }

  /** The path of the one-time link it printed. */
  async setupPath(): Promise<string> {
    for (let tries = 0; tries < 100; tries++) {
      const path = /\/setup\/[\w-]+/.exec(this.output)?.[0];
      if (path) return path;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no one-time link was printed:\n${this.output}`);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child) return;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(
        `the server had ended by itself (${child.exitCode ?? child.signalCode}):\n${this.output.slice(-4000)}`,
      );
    }
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }

  async remove(): Promise<void> {
    try {
      await this.end('SIGKILL');
    } finally {
      rmSync(this.data, { recursive: true, force: true });
    }
  }
}
