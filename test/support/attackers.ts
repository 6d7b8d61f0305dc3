/** The hostile clients of scripts/reliability, in a process of their own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { waitFor } from './wait-for.js';

const SCRIPT = resolve(import.meta.dirname, '../../scripts/reliability/attacker.mjs');

export interface Target {
  readonly port: number;
  /** Of the hostile tenant: reads and writes. */
  readonly token: string;
  readonly agent: string;
  readonly othersAgent: string;
}

export class Attackers {
  private readonly child: ChildProcess = fork(SCRIPT, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

  /** Names of the attacks that are small and short. */
  async cheap(): Promise<readonly string[]> {
    return (await this.ask('cheap')) as string[];
  }

  /** Resolves when the attack has met the server: its process has the lowest priority, so that may take a while. */
  async begin(attack: string, target: Target): Promise<void> {
    await this.ask('begin', { attack, ...target });
    await waitFor(async () => Object.keys((await this.ask('seen')) as object).length > 0, `${attack} to be felt`);
  }

  /** How often what happened: statuses, `closed by the server`, … */
  async end(): Promise<Record<string, number>> {
    return (await this.ask('end')) as Record<string, number>;
  }

  stop(): void {
    this.child.kill();
  }

  private async ask(command: string, options: object = {}): Promise<unknown> {
    this.child.send({ id: 1, command, ...options });
    const [{ result, error }] = (await once(this.child, 'message')) as [{ result?: unknown; error?: string }];
    if (error !== undefined) throw new Error(error);
    return result;
  }
}
