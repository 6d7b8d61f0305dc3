/**
 * The command line as an operator has it: a process of its own, without a terminal and with nothing of our environment.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { waitFor } from './wait-for.js';

const ROOT = resolve(import.meta.dirname, '../..');
/** What bin/switchboard.mjs runs once it has seen that everything is built. */
export const MAIN = resolve(ROOT, 'dist/cli/main.js');
export const BIN = resolve(ROOT, 'bin/switchboard.mjs');

export interface RunOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly script?: string;
}

export class CommandRun {
  stdout = '';
  stderr = '';
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(args: readonly string[], { stdin, cwd, variables, script = MAIN }: RunOptions = {}) {
    this.child = spawn(process.execPath, [script, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { PATH: process.env['PATH'], ...variables },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin?.end(stdin ?? '');
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((done) => this.child.once('close', (code) => done(code)));
  }

  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** Waits until stdout or stderr has it. */
  async says(text: string): Promise<void> {
    const saidSo = () => (this.stdout + this.stderr).includes(text) || this.child.exitCode !== null;
    await waitFor(saidSo, text);
    if (!(this.stdout + this.stderr).includes(text)) throw new Error(`it ended: ${this.stdout}${this.stderr}`);
  }

  signal(name: NodeJS.Signals): Promise<number | null> {
    this.child.kill(name);
    return this.exited;
  }
}
