/**
 * Decides which process does work that one process must do alone. It holds an advisory lock while it works; the others
 * stand by and try. The lock of a killed process is free at once. A process whose connection broke in silence notices
 * within 2.5 s and stops. So a process that gets a lock which nobody gave back waits as long before it begins. One
 * connection holds all locks of a process.
 */
import { Inject, Injectable, Logger, OnApplicationShutdown } from '@nestjs/common';
import { Doorbell } from '../common/waiting.js';
import { DATABASE_URL } from '../database/database-url.js';
import { LockSession } from '../database/lock-session.js';
import { Bus } from './bus.js';

/** How often a process tries a lock that another one holds. */
const TRY_MS = 500;
/** The time after which a process whose connection broke has certainly stopped: database/lock-session.ts. */
const TAKEOVER_MS = 2500;
/** How many names of released leases are remembered; more than there are leases. */
const MAX_FREED = 1000;

export interface Lease {
  readonly name: string;
  /** Aborts when the lease is lost: the work must stop at once. */
  readonly lost: AbortSignal;
  /** Gives the lease back; a process on standby takes over without waiting. */
  release(): Promise<void>;
}

@Injectable()
export class Leases implements OnApplicationShutdown {
  private readonly logger = new Logger('Leases');
  private opening: Promise<LockSession> | undefined;
  /** Given back since this process last looked for them: no work of theirs is still running. */
  private readonly freed = new Set<string>();
  private readonly sleepers = new Set<Doorbell>();

  constructor(
    @Inject(DATABASE_URL) private readonly databaseUrl: string,
    private readonly bus: Bus,
  ) {
    bus.messages.subscribe((message) => {
      if (message.kind !== 'lease-released') return;
      if (this.freed.size >= MAX_FREED) this.freed.clear();
      this.freed.add(message.lease);
      for (const bell of this.sleepers) bell.ring();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await (await this.opening?.catch(() => undefined))?.close();
  }

  /**
   * Resolves when this process may begin; undefined if the signal aborted before. `standby()` is called if another
   * process holds the lease.
   */
  async acquire(name: string, standby: () => void, signal: AbortSignal): Promise<Lease | undefined> {
    let isFirst = true;
    while (!signal.aborted) {
      const [lease] = await this.takeFree([name]);
      if (lease && (isFirst || (await this.hasStopped(lease, signal)))) return lease;
      if (lease) continue; // The lease was lost again while it waited.
      isFirst = false;
      standby();
      await this.sleep(TRY_MS, signal);
    }
    return undefined;
  }

  /** Those of these leases that nobody holds, in one statement. Before their work begins, ask {@link hasStopped}. */
  async takeFree(names: readonly string[]): Promise<Lease[]> {
    try {
      const session = await this.session();
      const got = await session.tryLocks(names);
      // Somebody else took the others since they were given back: whoever takes one next has that holder to wait for.
      for (const name of names) if (!got.includes(name)) this.freed.delete(name);
      return got.map((name) => ({ name, lost: session.lost, release: () => this.release(session, name) }));
    } catch (error) {
      this.logger.warn(`cannot tell who does what: ${(error as Error).message}`);
      return [];
    }
  }

  /**
   * Resolves with true after the time that a predecessor may need, or at once if it has said that it stopped. Resolves
   * with false if the lease was lost or the signal aborted before.
   */
  async hasStopped({ name, lost }: Lease, signal: AbortSignal): Promise<boolean> {
    const ended = AbortSignal.any([signal, lost]);
    const deadline = performance.now() + TAKEOVER_MS;
    while (!this.freed.delete(name)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || ended.aborted) break;
      await this.sleep(leftMs, ended);
    }
    return !ended.aborted;
  }

  /** Until the time is over, a lease is given back, or the signal aborts. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const bell = new Doorbell();
    this.sleepers.add(bell);
    await bell.wait(ms, signal);
    this.sleepers.delete(bell);
  }

  /** One connection for all leases of this process; a new one if it is lost. */
  private async session(): Promise<LockSession> {
    const opening = (this.opening ??= LockSession.open(this.databaseUrl));
    const forget = () => {
      if (this.opening === opening) this.opening = undefined;
    };
    try {
      const session = await opening;
      if (!session.lost.aborted) return session;
      forget();
      return await this.session();
    } catch (error) {
      forget();
      throw error;
    }
  }

  private async release(session: LockSession, name: string): Promise<void> {
    if (session.lost.aborted) return;
    await session.unlock(name).catch(() => undefined); // The connection is lost, and the lock with it.
    this.bus.publish({ kind: 'lease-released', lease: name });
  }
}
