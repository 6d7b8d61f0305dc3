/**
 * A program of ours to copy, such as those of `examples/`: `node <file>`, or another interpreter's, with what it needs to
 * know in the environment.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { waitFor } from './wait-for.js';

const ROOT = resolve(import.meta.dirname, '../..');

export class ExampleProcess {
  private output = '';

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  static async start(
    file: string,
    variables: Record<string, string>,
    interpreter = process.execPath,
  ): Promise<ExampleProcess> {
    const env = { PATH: process.env['PATH'] ?? '', ...variables, PORT: '0' };
    const example = new ExampleProcess(spawn(interpreter, [file], { cwd: ROOT, env }));
    await waitFor(() => example.url !== '' || example.child.exitCode !== null, `${file} to listen`);
    if (example.url === '') throw new Error(example.output);
    return example;
  }

  /** What it says that it listens on. */
  get url(): string {
    return /^http:\S+/.exec(this.output)?.[0] ?? '';
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGKILL');
    await gone;
  }
}
