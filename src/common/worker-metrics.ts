/**
 * Metrics of workers that share a port: whoever scrapes reaches any one of them, and must be told of all. It asks the primary,
 * the primary asks everybody and hands the answers back. Each series keeps the worker that it is of: added up, a worker
 * that ends would look as if everything had begun anew.
 */
import cluster, { type Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import type { Registry } from 'prom-client';

/** What one registry holds. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

type Message =
  | { readonly metrics: 'able' }
  | { readonly metrics: 'asked' | 'wanted'; readonly ask: string }
  | { readonly metrics: 'taken' | 'gathered'; readonly ask: string; readonly snapshots: Snapshot[] };

/** Who has not answered within this is left out. Longer than a worker waits for a database that says nothing. */
const GATHER_MS = 4000;

interface Gathering {
  readonly waitsFor: Set<Worker>;
  readonly snapshots: Snapshot[];
  readonly done: () => void;
}

/** On the primary's side. */
export function relayMetrics(): void {
  /** A worker that has just been forked would be waited for in vain. */
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
  if (worker.isConnected()) worker.send(message, () => undefined); // Gone meanwhile: nobody waits for it.
}

/** On a worker's side, from when it can answer: `take` is called when somebody scrapes any of them. */
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

  /** Of all workers that answer in time, in no order. */
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
