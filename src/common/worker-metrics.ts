/**
 * Metrics of workers that share a port. A scrape reaches any one of them and must get the metrics of all. That worker
 * asks the primary; the primary asks every worker and hands the answers back. Each series keeps its worker as a label:
 * if they were added up, the end of one worker would look like a reset.
 */
import cluster, { type Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import type { Registry } from 'prom-client';

/** The metrics of one registry. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

type Message =
  | { readonly metrics: 'able' }
  | { readonly metrics: 'asked' | 'wanted'; readonly ask: string }
  | { readonly metrics: 'taken' | 'gathered'; readonly ask: string; readonly snapshots: Snapshot[] };

/** A worker that has not answered within this is left out. Longer than a worker waits for a silent database. */
const GATHER_MS = 4000;

interface Gathering {
  readonly waitsFor: Set<Worker>;
  readonly snapshots: Snapshot[];
  readonly done: () => void;
}

/** Runs in the primary. */
export function relayMetrics(): void {
  /** A worker that has just been forked cannot answer yet. */
  const able = new Set<Worker>();
  const gathering = new Map<string, Gathering>();
  cluster.on('exit', (worker) => {
    able.delete(worker);
    for (const one of gathering.values()) if (one.waitsFor.delete(worker)) finishIfAll(one);
  });
  cluster.on('message', (worker, message: unknown) => {
    if (!isOurs(message)) return;
    if (message.metrics === 'able') return void able.add(worker);
    const { ask } = message;
    if (message.metrics === 'asked') {
      const waitsFor = new Set([...able].filter((one) => one.isConnected()));
      const snapshots: Snapshot[] = [];
      const done = () => {
        clearTimeout(timer);
        if (gathering.delete(ask)) say(worker, { metrics: 'gathered', ask, snapshots });
      };
      const timer = setTimeout(done, GATHER_MS);
      gathering.set(ask, { waitsFor, snapshots, done });
      for (const one of waitsFor) say(one, { metrics: 'wanted', ask });
    } else if (message.metrics === 'taken') {
      const one = gathering.get(ask);
      one?.snapshots.push(...message.snapshots);
      if (one?.waitsFor.delete(worker)) finishIfAll(one);
    }
  });
}

function finishIfAll({ waitsFor, done }: Gathering): void {
  if (waitsFor.size === 0) done();
}

function say(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message, () => undefined); // The worker has gone meanwhile.
}

/** Runs in a worker that can answer: `take` is called when any worker is scraped. */
export class WorkerMetrics {
  private readonly asks = new Map<string, (snapshots: Snapshot[]) => void>();

  constructor(take: () => Promise<Snapshot[]>) {
    process.on('message', (message: unknown) => {
      if (!isOurs(message) || message.metrics === 'able') return;
      const { ask } = message;
      if (message.metrics === 'wanted')
        void take().then((snapshots) => process.send?.({ metrics: 'taken', ask, snapshots } satisfies Message));
      else if (message.metrics === 'gathered') this.asks.get(ask)?.(message.snapshots);
    });
    process.send?.({ metrics: 'able' } satisfies Message);
  }

  /** The metrics of all workers that answer in time, in no order. */
  async gather(): Promise<Snapshot[]> {
    const ask = randomUUID();
    const answer = new Promise<Snapshot[]>((resolve) => this.asks.set(ask, resolve));
    process.send?.({ metrics: 'asked', ask } satisfies Message);
    return answer.finally(() => this.asks.delete(ask));
  }
}

function isOurs(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'metrics' in message;
}
