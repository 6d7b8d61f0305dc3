/**
 * One machine, all cores. The primary process keeps the database and starts workers that share one port; each is a
 * whole Switchboard. They talk over the bus, as processes on several machines do.
 */
import { Logger } from '@nestjs/common';
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { Backoff } from './common/backoff.js';
import { relayMetrics } from './common/worker-metrics.js';
import { closeWhatItNeverTook } from './worker-handover.js';
import { pause } from './common/waiting.js';

/** A worker that lived this long was healthy: its successor starts at once. */
const WELL_MS = 30_000;
/** The primary's message to stop. A signal would be the second one after Ctrl-C, which reaches all processes. */
const STOP = 'stop';
const REPEAT_MS = 250;

/** The first worker failed to start. It has said why. */
export class WorkerEnded extends Error {}

export class Workers {
  private readonly logger = new Logger('Workers');
  private readonly exits = new Map<Worker, Promise<unknown>>();
  private readonly abort = new AbortController();

  /** `variables` are added to each worker's environment. */
  constructor(
    private readonly count: number,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  /**
   * Resolves when the first worker listens, which has printed the welcome; the others follow. Rejects if it ends
   * instead: it has said why.
   */
  async start(stop: AbortSignal): Promise<void> {
    stop.addEventListener('abort', () => this.abort.abort(), { once: true });
    relayMetrics();
    const first = this.fork('first');
    const ended = this.exits.get(first)?.then(() => Promise.reject(new WorkerEnded('the first worker ended')));
    await Promise.race([once(first, 'listening'), ended]);
    void this.keep(first);
    for (let index = 1; index < this.count && !stop.aborted; index++) void this.keep(this.fork('next'));
  }

  /** Resolves when all workers are gone, each after its readers. */
  async stop(): Promise<void> {
    this.abort.abort();
    // Repeated until it is heard: a worker that has just been started does not listen yet.
    const say = () => this.exits.forEach((_, worker) => worker.isConnected() && worker.send(STOP, () => undefined));
    const saying = setInterval(say, REPEAT_MS);
    say();
    await Promise.all(this.exits.values());
    clearInterval(saying);
  }

  private async keep(worker: Worker): Promise<void> {
    const backoff = new Backoff({ firstMs: 200, maxMs: 10_000 });
    for (let current = worker; ; current = this.fork('next')) {
      const startedAt = performance.now();
      await this.exits.get(current);
      if (this.abort.signal.aborted) return;
      if (performance.now() - startedAt > WELL_MS) backoff.reset();
      const delayMs = backoff.nextMs();
      const { exitCode, signalCode } = current.process;
      this.logger.error(
        `worker ${current.process.pid} ended (${signalCode ?? exitCode}); another one in ${delayMs} ms`,
      );
      await pause(delayMs, this.abort.signal);
      if (this.abort.signal.aborted) return;
    }
  }

  private fork(role: 'first' | 'next'): Worker {
    const worker = cluster.fork({ ...this.variables, SWITCHBOARD_WORKER: role });
    closeWhatItNeverTook(worker);
    const gone = once(worker, 'exit').catch((error: Error) => this.logger.error(`no worker: ${error.message}`));
    const exit = gone.finally(() => this.exits.delete(worker));
    this.exits.set(worker, exit);
    return worker;
  }
}

/** On the worker's side: called once, when the primary says so. */
export function whenToldToStop(stop: () => void): void {
  process.on('message', (message) => {
    if (message === STOP) stop();
  });
}
