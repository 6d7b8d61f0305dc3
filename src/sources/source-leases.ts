/**
 * Which process runs a source that must run once. It holds an advisory lock for as long as it runs it; the others stand by
 * and try. The lock of a process that was killed is free at once. One whose connection broke in silence learns of it
 * within 2.5 s and stops; so who gets a lock that nobody has given back waits as long before it begins.
 */
import { Inject, Injectable, Logger, OnApplicationShutdown } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { DATABASE_URL } from '../database/database-url.js';
import { LockSession } from '../database/lock-session.js';
import { Doorbell } from '../common/waiting.js';

/** How often a lock is tried that somebody else has. */
const TRY_MS = 500;
/** Until a process whose connection broke has certainly stopped: database/lock-session.ts. */
const TAKEOVER_MS = 2500;

export interface Lease {
  /** Aborts when the lease is lost: the source must stop at once. */
  readonly lost: AbortSignal;
  /** Gives it back; who stands by takes over without waiting. */
  release(): Promise<void>;
}

@Injectable()
export class SourceLeases implements OnApplicationShutdown {
  private readonly logger = new Logger('Sources');
  private opening: Promise<LockSession> | undefined;

  constructor(
    @Inject(DATABASE_URL) private readonly databaseUrl: string,
    private readonly bus: Bus,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await (await this.opening?.catch(() => undefined))?.close();
  }

  /** Resolves when this process may run the source; undefined when the signal aborted before. `standby()`: another one does. */
  async acquire(source: string, standby: () => void, signal: AbortSignal): Promise<Lease | undefined> {
    const lock = `switchboard source ${source}`;
    const freed = new Doorbell();
    let mayTakeOver = true;
    const hint = this.bus.messages.subscribe((message) => {
      if (message.kind !== 'source-released' || message.source !== source) return;
      mayTakeOver = true;
      freed.ring();
    });
    try {
      while (!signal.aborted) {
        const session = await this.tryFor(lock);
        if (session && (mayTakeOver || (await waited(freed, signal, session.lost)))) {
          return { lost: session.lost, release: () => this.release(session, lock, source) };
        }
        if (session) continue; // Lost again while it waited.
        mayTakeOver = false;
        standby();
        await freed.wait(TRY_MS, signal);
      }
      return undefined;
    } finally {
      hint.unsubscribe();
    }
  }

  /** The session that has the lock now. */
  private async tryFor(lock: string): Promise<LockSession | undefined> {
    try {
      const session = await this.session();
      return (await session.tryLock(lock)) ? session : undefined;
    } catch (error) {
      this.logger.warn(`cannot tell who runs which source: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** One for all sources of this process; another one when it is lost. */
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

  private async release(session: LockSession, lock: string, source: string): Promise<void> {
    if (session.lost.aborted) return;
    await session.unlock(lock).catch(() => undefined); // The connection is lost, and the lock with it.
    this.bus.publish({ kind: 'source-released', source });
  }
}

/**
 * True after the time that a predecessor may need, or as soon as it says that it has stopped; false when one of the signals aborted
 * before.
 */
async function waited(freed: Doorbell, signal: AbortSignal, lost: AbortSignal): Promise<boolean> {
  const ended = AbortSignal.any([signal, lost]);
  await freed.wait(TAKEOVER_MS, ended);
  return !ended.aborted;
}
