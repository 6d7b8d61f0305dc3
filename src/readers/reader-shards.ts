/**
 * Decides for which tenants this process reads. Tenants fall into 16 shards, by a hash of their names. A process reads
 * for the shards whose leases it holds. So there are 16 locks, on one connection for each process, however many readers
 * there are. A process that holds fewer shards than others asks for some, and the others give up half of the
 * difference.
 */
import { Injectable, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { createHash, randomUUID } from 'node:crypto';
import { Subscription } from 'rxjs';
import { Bus } from '../bus/bus.js';
import { type Lease, Leases } from '../bus/leases.js';
import { jitter } from '../common/backoff.js';
import type { TenantId } from '../common/ids.js';
import { untilStopped } from '../common/waiting.js';

/** More than the processes of an installation, and few enough to be asked for in one statement. */
export const SHARDS = 16;
/** How often free leases are looked for. The leases of a killed process are free at once. */
const TRY_MS = 500;
/** How often a process that holds fewer shards than others says so. */
const WANT_MS = 3000;
/** A process that has given up a shard does not take it again for this long. */
const ABSTAIN_MS = 2000;

const lockOf = (shard: number) => `switchboard readers ${shard}`;

export function shardOf(tenantId: TenantId): number {
  return (createHash('sha256').update(tenantId).digest()[0] ?? 0) % SHARDS;
}

export interface HeldShard {
  readonly shard: number;
  /** Aborts when the shard is lost, or is to be given up. */
  readonly until: AbortSignal;
}

/** The work for a shard, from when it is taken until this resolves. It must end soon after `until` has aborted. */
export type Serve = (held: HeldShard) => Promise<void>;

interface Holding extends HeldShard {
  readonly abort: AbortController;
  /** The wait for the predecessor is over, and the work has begun. */
  isServed: boolean;
}

@Injectable()
export class ReaderShards implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly id = randomUUID();
  private readonly stop = new AbortController();
  private readonly subscription = new Subscription();
  private readonly holdings = new Map<number, Holding>();
  private readonly abstained = new Map<number, number>();
  private readonly working = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();
  private serve: Serve | undefined;

  constructor(
    private readonly leases: Leases,
    private readonly bus: Bus,
  ) {}

  /** The shards for which this process reads now. */
  get held(): number[] {
    return [...this.holdings.values()].filter(({ isServed }) => isServed).map(({ shard }) => shard);
  }

  /** Call it before the application has started. */
  onTaken(serve: Serve): void {
    this.serve = serve;
  }

  /** Aborts when this process may no longer read for the tenant. Undefined: this process does not read for it. */
  signalFor(tenantId: TenantId): AbortSignal | undefined {
    const holding = this.holdings.get(shardOf(tenantId));
    return holding?.isServed && !holding.until.aborted ? holding.until : undefined;
  }

  onApplicationBootstrap(): void {
    this.subscription.add(
      this.bus.messages.subscribe((message) => {
        if (message.kind === 'shards-wanted' && message.from !== this.id) this.giveTo(message.held);
      }),
    );
    this.running = this.run();
  }

  /** Other processes take over at once. */
  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    this.subscription.unsubscribe();
    for (const { abort } of this.holdings.values()) abort.abort();
    await untilStopped(this.running?.then(() => Promise.all(this.working)));
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    let wantedAt = performance.now();
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const missing = this.missing();
      const free = missing.length === 0 ? [] : await this.leases.takeFree(missing.map(lockOf));
      for (const lease of free) this.hold(lease, isFirst);
      if (performance.now() - wantedAt > WANT_MS && this.holdings.size < SHARDS) {
        wantedAt = performance.now();
        this.bus.publish({ kind: 'shards-wanted', from: this.id, held: this.holdings.size });
      }
      await this.leases.sleep(jitter(TRY_MS), signal);
    }
  }

  private missing(): number[] {
    const now = performance.now();
    return Array.from({ length: SHARDS }, (_, shard) => shard).filter(
      (shard) => !this.holdings.has(shard) && (this.abstained.get(shard) ?? 0) < now,
    );
  }

  private hold(lease: Lease, isFirst: boolean): void {
    const shard = Number(lease.name.slice(lease.name.lastIndexOf(' ') + 1));
    const abort = new AbortController();
    const holding: Holding = { shard, abort, until: AbortSignal.any([abort.signal, lease.lost]), isServed: false };
    this.holdings.set(shard, holding);
    const work = this.work(lease, holding, isFirst).finally(() => {
      this.holdings.delete(shard);
      this.working.delete(work);
    });
    this.working.add(work);
  }

  private async work(lease: Lease, holding: Holding, isFirst: boolean): Promise<void> {
    if (isFirst || (await this.leases.hasStopped(lease, holding.until))) {
      holding.isServed = true;
      await this.serve?.(holding);
    }
    await lease.release();
  }

  private giveTo(held: number): void {
    const served = [...this.holdings.values()].filter(({ isServed, until }) => isServed && !until.aborted);
    const count = Math.floor((served.length - held) / 2);
    for (const { shard, abort } of served.slice(0, Math.max(0, count))) {
      this.abstained.set(shard, performance.now() + ABSTAIN_MS);
      abort.abort();
    }
  }
}
