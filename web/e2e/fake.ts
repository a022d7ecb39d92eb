import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { test as plain } from './test';

const program = join(import.meta.dirname, '../../tests/providers/openai.mjs');

interface Ledger {
  entries: {
    path: string;
    model: string;
    prompt: string;
    size: string;
    files: { name: string; type: string; size: number }[];
  }[];
}

/** An OpenAI-compatible server over real HTTP, in a process of its own. */
export class Fake {
  readonly key = 'sk-e2e-0123456789-3f9a';
  url = '';
  #process: ChildProcess | null = null;

  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, '--port', '0', '--key', this.key], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    this.url = await new Promise((resolve, reject) => {
      let said = '';
      child.stdout.on('data', (bytes: Buffer) => {
        said += bytes.toString();
        const port = /listening (\d+)/.exec(said)?.[1];
        if (port) resolve(`http://127.0.0.1:${port}`);
      });
      child.on('exit', (code) => reject(new Error(`the fake provider ended with ${code}`)));
    });
  }

  async control(wanted: Record<string, unknown>): Promise<void> {
    const answer = await fetch(`${this.url}/__control`, {
      method: 'POST',
      body: JSON.stringify(wanted),
    });
    if (!answer.ok) throw new Error(`control: ${answer.status}`);
  }

  async ledger(): Promise<Ledger> {
    return (await (await fetch(`${this.url}/__ledger`)).json()) as Ledger;
  }

  end(): void {
    this.#process?.kill('SIGKILL');
  }
}

/** With such a server of its own beside the house. */
export const test = plain.extend<{ fake: Fake }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names from the pattern
  fake: async ({}, use) => {
    const fake = new Fake();
    await fake.start();
    await use(fake);
    fake.end();
  },
});
