/**
 * Every open stream of this process: how many there may be, and what is due for each while it is open. One timer serves
 * all.
 */
import { BeforeApplicationShutdown, Inject, Injectable, OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';
import type { Principal } from '../../auth/principal.js';
import { Counts } from '../../common/counts.js';
import { placesLost, streamsClosed } from '../../common/metrics.js';
import { Problem } from '../../common/problem.js';
import { ENV, type Env } from '../../config/env.js';
import { StreamConnection } from './stream-connection.js';
import { Interval } from '../../common/waiting.js';

const TICK_MS = 1000;
/** Goodbyes a second, as far as the bound allows. The other processes get as many connects a second. */
const GOODBYES_PER_SECOND = 200;
/** How long a reader is told to wait before it comes back. The jitter on this is the smaller part of the spreading. */
const RETRY_MS = 1000;
/** How long clients have to take the last frame at shutdown, after the last goodbye. */
const LAST_FRAME_MS = 1000;

@Injectable()
export class OpenStreams implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly open = new Set<StreamConnection>();
  private readonly ofTenant = new Counts();
  private readonly ofToken = new Counts();
  private readonly ticker = new Interval(TICK_MS, () => this.tick(performance.now()));
  private draining = false;
  /** As of the last tick: streams whose connection was gone without any notice. */
  private gone = new Set<StreamConnection>();
  private lost = 0;
  private bytesOfGone = 0;

  constructor(@Inject(ENV) private readonly env: Env) {}

  onApplicationBootstrap(): void {
    this.ticker.start();
  }

  /** From here on no stream is accepted. Open streams are served until their goodbye. */
  onModuleDestroy(): void {
    this.draining = true;
  }

  /** Says goodbye to every reader and waits, for a bounded time, until the readers have taken it. */
  async beforeApplicationShutdown(): Promise<void> {
    const leaving = [...this.open];
    const goodbye = new Problem('unavailable', 'The server is going down; resume with your last id.', {}, RETRY_MS);
    const startedAt = performance.now();
    for (const [index, dueMs] of goodbyeTimes(leaving.length, this.env.drainMs).entries()) {
      const waitMs = dueMs - (performance.now() - startedAt);
      if (waitMs > 0) await wait(waitMs);
      const connection = leaving[index];
      if (connection && this.open.has(connection)) this.close(connection, goodbye, 'draining');
    }
    this.ticker.stop();
    const gone = Promise.all(leaving.map(({ outlet }) => outlet.finished()));
    await Promise.race([gone, wait(LAST_FRAME_MS, undefined, { ref: false })]);
  }

  /** Bytes that the kernel has taken for readers since this process started. */
  get takenBytes(): number {
    let bytes = this.bytesOfGone;
    for (const { outlet } of this.open) bytes += outlet.takenBytes;
    return bytes;
  }

  get all(): ReadonlySet<StreamConnection> {
    return this.open;
  }

  /** Throws `too-many-streams` beyond the tenant's or the token's limit, and `unavailable` while draining. */
  assertRoom({ tenantId, tokenId, limits }: Principal): void {
    if (this.draining) throw new Problem('unavailable', 'The server is going down; connect again in a moment.');
    if (tenantId !== null && this.ofTenant.of(tenantId) >= limits.streams)
      throw new Problem('too-many-streams', `This tenant may have ${limits.streams} streams open at once.`);
    if (this.ofToken.of(tokenId) >= limits.streamsPerToken)
      throw new Problem('too-many-streams', `This token may have ${limits.streamsPerToken} streams open at once.`);
  }

  /** Throws as {@link assertRoom} does. */
  add(connection: StreamConnection): void {
    this.assertRoom(connection.principal);
    const { tenantId, tokenId } = connection.principal;
    if (tenantId !== null) this.ofTenant.add(tenantId, 1);
    this.ofToken.add(tokenId, 1);
    connection.schedule(performance.now(), this.env);
    this.open.add(connection);
  }

  remove(connection: StreamConnection): void {
    if (!this.open.delete(connection)) return;
    const { tenantId, tokenId } = connection.principal;
    if (tenantId !== null) this.ofTenant.add(tenantId, -1);
    this.ofToken.add(tokenId, -1);
    this.bytesOfGone += connection.outlet.takenBytes;
    if (connection.endedBy !== 'server') streamsClosed.inc({ reason: connection.endedBy });
  }

  /** `reason` is for operators: the problem's slug, unless another one is more precise. */
  close(connection: StreamConnection, problem: Problem, reason: string = problem.slug): void {
    if (connection.close({ problem, reason })) streamsClosed.inc({ reason });
  }

  closeWhere(applies: (connection: StreamConnection) => boolean, problem: Problem, reason?: string): void {
    for (const connection of this.open) if (applies(connection)) this.close(connection, problem, reason);
  }

  /**
   * Streams that were held for connections that were gone, since the start. It should be 0; anything else is a fault.
   */
  get lostStreams(): number {
    return this.lost;
  }

  /**
   * The self-check: only open streams are counted. A stream that was already gone at the previous tick is given back,
   * and counted as a fault.
   */
  private giveBackLost(): void {
    const gone = new Set([...this.open].filter(({ outlet }) => outlet.isGone));
    for (const connection of gone) {
      if (!this.gone.has(connection)) continue;
      this.lost += 1;
      placesLost.inc();
      connection.outlet.leave();
      this.remove(connection);
    }
    this.gone = gone;
  }

  private tick(now: number): void {
    this.giveBackLost();
    for (const connection of this.open) {
      const ending = connection.tick(now, this.env);
      if (ending) this.close(connection, ending.problem, ending.reason);
    }
  }
}

/**
 * When each of `count` readers is told, in ms from now. Readers are told one after the other, so that they do not all
 * connect to the next process at once. The times are even, over a span that grows with the number of readers, at most
 * `boundMs`.
 */
export function goodbyeTimes(count: number, boundMs: number): number[] {
  const windowMs = Math.min(boundMs, (Math.max(0, count - 1) * 1000) / GOODBYES_PER_SECOND);
  return Array.from({ length: count }, (_, index) => (count > 1 ? (windowMs * index) / (count - 1) : 0));
}
