/**
 * Runs the durable readers of the tenants for which this process reads. The tail wakes them. Every two seconds a look
 * at the database finds events that the tail did not announce, and readers that were suspended, removed or set
 * elsewhere without a message. Readers of a suspended tenant stop. When the tenant is active again, they go on where
 * they were.
 */
import { Injectable, Logger, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Subscription } from 'rxjs';
import { Bus } from '../bus/bus.js';
import { Backoff, jitter } from '../common/backoff.js';
import type { TenantId } from '../common/ids.js';
import { Traffic } from '../database/traffic.js';
import { EventTail } from '../events/live/event-tail.js';
import type { LoggedEvent } from '../events/log/event.js';
import { ReaderCommits } from './reader-commits.js';
import type { ReaderKind, ReaderName } from './reader-kind.js';
import { ReaderLoop } from './reader-loop.js';
import { ReaderPages } from './reader-pages.js';
import { type HeldShard, ReaderShards, shardOf } from './reader-shards.js';
import { type ReaderRow, ReaderTable } from './reader-table.js';
import { untilStopped } from '../common/waiting.js';

const LOOK_MS = 2000;

/** A tenant for which this process reads. */
interface Served {
  readonly tenantId: TenantId;
  readonly abort: AbortController;
  readonly until: AbortSignal;
  readonly unfollow: () => void;
  readonly loops: Map<string, ReaderLoop>;
  head: number;
}

const keyOf = ({ kind, name }: ReaderName) => `${kind} ${name}`;

@Injectable()
export class LogReaders implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Readers');
  private readonly kinds = new Map<string, ReaderKind<unknown>>();
  private readonly served = new Map<TenantId, Served>();
  /** Shards whose last process died, until their readers have passed what was under way. */
  private readonly shards = new Map<number, { readonly until: AbortSignal; readonly afterDeath: boolean }>();
  private readonly subscription = new Subscription();
  private readonly stop = new AbortController();
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly holder: ReaderShards,
    private readonly table: ReaderTable,
    private readonly pages: ReaderPages,
    private readonly commits: ReaderCommits,
    private readonly tail: EventTail,
    private readonly traffic: Traffic,
    private readonly bus: Bus,
  ) {
    holder.onTaken((held) => this.serve(held));
  }

  /** Call it before the application has started. */
  register<Effect>(kind: ReaderKind<Effect>): void {
    this.kinds.set(kind.kind, kind);
  }

  /** The shards for which this process reads. */
  get shardsHere(): number[] {
    return this.holder.held;
  }

  /**
   * Aborts when this process may no longer read for the tenant, because another may then do so. Undefined: this process
   * does not read for it.
   */
  signalFor(tenantId: TenantId): AbortSignal | undefined {
    const signal = this.served.get(tenantId)?.until ?? this.holder.signalFor(tenantId);
    return signal?.aborted ? undefined : signal;
  }

  /** Ends a reader's rest, in this process. */
  wake({ tenantId, ...name }: ReaderName): void {
    this.served
      .get(tenantId)
      ?.loops.get(keyOf({ tenantId, ...name }))
      ?.wake(true);
  }

  /** Call it when a transaction has committed that made, changed or removed readers of the tenant. */
  changed(tenantId: TenantId): void {
    this.bus.publish({ kind: 'readers-changed', tenantId });
  }

  onApplicationBootstrap(): void {
    this.subscription.add(this.tail.passed.subscribe((event) => this.heard(event)));
    this.subscription.add(this.tail.restored.subscribe(() => void this.beginAgain()));
    this.subscription.add(
      this.bus.messages.subscribe((message) => {
        if (message.kind === 'readers-changed') void this.reload(message.tenantId as TenantId);
        if (message.kind !== 'tenant-changed') return;
        if (message.status === 'active') void this.reload(message.tenantId as TenantId);
        else void this.leave(message.tenantId as TenantId);
      }),
    );
    this.looking = this.lookNowAndThen();
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    this.subscription.unsubscribe();
    await untilStopped(this.looking);
  }

  private async serve(held: HeldShard): Promise<void> {
    const { shard, until } = held;
    const backoff = new Backoff({ firstMs: 50, maxMs: LOOK_MS });
    while (!until.aborted && !(await this.loadFirst(held))) await pause(backoff.nextMs(), until);
    await aborted(until);
    this.shards.delete(shard);
    const mine = [...this.served.values()].filter(({ tenantId }) => shardOf(tenantId) === shard);
    await Promise.all(mine.map((served) => this.leave(served.tenantId)));
    await this.table.leaveShard(shard).catch(() => undefined); // It counts as a death, which costs time only.
  }

  /** False when not all of them were loaded, because the database is away. */
  private async loadFirst({ shard, until }: HeldShard): Promise<boolean> {
    try {
      this.shards.set(shard, { until, afterDeath: await this.table.takeShard(shard) });
      await this.load(shard);
      this.shards.set(shard, { until, afterDeath: false });
      return true;
    } catch (error) {
      this.logger.warn(`cannot read for all tenants yet: ${(error as Error).message}`);
      return false;
    }
  }

  private load(shard: number): Promise<void> {
    const readAt = performance.now();
    return this.table.ofShard(shard, (rows) => rows.forEach((row) => this.take(row, readAt)));
  }

  private heard(event: LoggedEvent): void {
    const served = event.tenantId === null ? undefined : this.served.get(event.tenantId);
    if (served === undefined || event.seq === null) return;
    this.pages.note(served.tenantId, event);
    served.head = Math.max(served.head, event.seq);
    for (const loop of served.loops.values()) loop.wake(false);
  }

  /** Takes a reader as the table had it at `readAt`, by `performance.now()`. */
  private take(row: ReaderRow, readAt: number): void {
    const kind = this.kinds.get(row.kind);
    const shard = this.shards.get(shardOf(row.tenantId));
    if (kind === undefined || shard === undefined || shard.until.aborted) return;
    const served = this.served.get(row.tenantId) ?? this.begin(row.tenantId, shard.until);
    served.head = Math.max(served.head, row.head);
    const known = served.loops.get(keyOf(row));
    if (known !== undefined && !known.hasLostItsPlace) {
      if (!known.standsElsewhere(row.cursor, readAt)) return known.wake(false);
      known.retire();
    }
    const { kind: kindName, tenantId, name } = row;
    const tools = {
      pages: this.pages,
      commits: this.commits,
      table: this.table,
      traffic: this.traffic,
      warn: (text: string) => this.logger.warn(text),
      lost: () => void this.reload(row.tenantId),
    };
    const reader = { kind: kindName, tenantId, name };
    const loop = new ReaderLoop(reader, kind, tools, () => served.head, served.until, row, shard.afterDeath);
    served.loops.set(keyOf(row), loop);
    loop.wake(false);
  }

  private begin(tenantId: TenantId, until: AbortSignal): Served {
    const abort = new AbortController();
    const unfollow = this.bus.follow(tenantId);
    const signal = AbortSignal.any([abort.signal, until]);
    setMaxListeners(0, signal); // A few a reader, and a tenant may have many readers.
    const served: Served = { tenantId, abort, until: signal, unfollow, loops: new Map(), head: 0 };
    this.served.set(tenantId, served);
    return served;
  }

  /** Resolves when none of the tenant's work is under way any more. */
  private async leave(tenantId: TenantId): Promise<void> {
    const served = this.served.get(tenantId);
    if (served === undefined) return;
    this.served.delete(tenantId);
    served.abort.abort();
    served.unfollow();
    this.pages.forget(tenantId);
    await Promise.all([...served.loops.values()].map((loop) => loop.stopped()));
  }

  /** After a restore: the known ends of tenants' logs belong to another history and are no longer true. */
  private async beginAgain(): Promise<void> {
    await Promise.all([...this.served.keys()].map((tenantId) => this.leave(tenantId)));
    // If this fails, the next look finds it.
    for (const shard of this.shards.keys()) await this.load(shard).catch(() => undefined);
  }

  private async reload(tenantId: TenantId): Promise<void> {
    if (this.holder.signalFor(tenantId) === undefined) return;
    try {
      const readAt = performance.now();
      const rows = await this.table.ofTenant(tenantId);
      const served = this.served.get(tenantId);
      const there = new Set(rows.map(keyOf));
      for (const [key, loop] of served?.loops ?? []) {
        if (there.has(key)) continue;
        served?.loops.delete(key);
        void loop.stopped();
      }
      for (const row of rows) this.take(row, readAt);
      if (rows.length === 0) await this.leave(tenantId);
    } catch (error) {
      this.logger.warn(`looks at a tenant's readers later: ${(error as Error).message}`);
    }
  }

  private async lookNowAndThen(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      await pause(jitter(LOOK_MS), signal);
      if (signal.aborted) return;
      await this.look().catch((error: Error) => this.logger.warn(`looks again later: ${error.message}`));
    }
  }

  private async look(): Promise<void> {
    const suspended = await this.table.suspendedTenants();
    for (const tenantId of this.served.keys()) if (suspended.has(tenantId)) void this.leave(tenantId);
    const shards = this.shardsHere;
    const readAt = performance.now();
    if (shards.length > 0) for (const row of await this.table.behind(shards)) this.take(row, readAt);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal, ref: false }).catch(() => undefined); // Aborted: whoever waits looks at the signal.
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted)
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
