/** One open stream as the process sees it: whose it is, by what right, and what is due for it next. */
import { randomUUID } from 'node:crypto';
import type { Observer } from 'rxjs';
import type { Principal, Scope } from '../../auth/principal.js';
import { jitter } from '../../common/backoff.js';
import type { OwnedSet } from '../../agents/owned-agents.js';
import type { AgentName } from '../../common/ids.js';
import { hasCome, moment } from '../../common/moment.js';
import { Problem, type ProblemSlug } from '../../common/problem.js';
import { closingFrame } from '../../common/problem.filter.js';
import { Chunk, controlFrame } from '../live/frame.js';
import type { EventStream } from './event-stream.js';
import type { Outlet } from './outlet.js';

/** A reader is told this long before its token ends. */
const EXPIRING_MS = 60_000;

export interface StreamTimes {
  readonly streamPingMs: number;
  readonly streamMaxMs: number;
}

/**
 * Reasons for which a stream is cut: its client would not, or must not, be sent what waits. The client still has its
 * cursor.
 */
const CUT: ReadonlySet<string> = new Set(['slow-reader', 'dead-link', 'erased-unsent']);

export const READER_CLASSES = ['customer', 'view', 'admin'] as const;
export type ReaderClass = (typeof READER_CLASSES)[number];

/** Why the server ends a stream. The client is told the problem; `reason` is for operators and is more precise. */
export interface Ending {
  readonly problem: Problem;
  readonly reason: string;
}

/** What the reader narrowed its stream to, as an operator sees it; null: not narrowed. */
export interface StreamScope {
  readonly tenants?: readonly string[] | null;
  readonly agents: readonly AgentName[] | null;
  readonly calls: readonly string[] | null;
  readonly types: readonly string[] | null;
}

export class StreamConnection {
  readonly id = randomUUID();
  readonly since = moment();
  private pingAt = 0;
  private endAt = 0;
  private toldExpiring = false;
  private expires: Date;
  isClosed = false;

  constructor(
    readonly principal: Principal,
    readonly scope: StreamScope,
    readonly stream: Pick<EventStream, 'cursor' | 'isLive' | 'tell' | 'ping'>,
    readonly outlet: Outlet,
    private readonly reader: Observer<Chunk>,
    /** What the reader was last told that its tenant owns. */
    readonly knowledge?: { told?: OwnedSet | undefined },
  ) {
    this.expires = principal.expiresAt;
  }

  /** When its token ends, as far as is known. */
  get expiresAt(): Date {
    return this.expires;
  }

  /** Its token ends sooner than it was to end when the stream was opened. */
  endBy(at: Date): void {
    if (at >= this.expires) return;
    this.expires = at;
    this.toldExpiring = false;
  }

  /** The kind of reader: a customer, an admin who looks at what a customer sees, or an admin across customers. */
  get readerClass(): ReaderClass {
    const { tenantId, viewedBy } = this.principal;
    return viewedBy !== null ? 'view' : tenantId === null ? 'admin' : 'customer';
  }

  /** The scope that its token must have for as long as the stream is open. */
  get neededScope(): Scope {
    return this.principal.tenantId === null ? 'admin' : 'events:read';
  }

  dependsOn(tokenId: string): boolean {
    return this.principal.tokenId === tokenId || this.principal.parentTokenId === tokenId;
  }

  concerns(agent: AgentName): boolean {
    return this.scope.calls === null && (this.scope.agents?.includes(agent) ?? true);
  }

  /** True when the stream can carry events of this call only. */
  isOfCall(callId: string): boolean {
    return this.scope.calls?.length === 1 && this.scope.calls[0] === callId;
  }

  /**
   * Pings and ends are spread, so that streams that opened together do not act together. `now` comes from
   * `performance.now()`.
   */
  schedule(now: number, { streamPingMs, streamMaxMs }: StreamTimes): void {
    this.pingAt = now + Math.ceil(streamPingMs * (0.5 + Math.random() / 2));
    this.endAt = now + Math.min(streamMaxMs, jitter(streamMaxMs * 0.9));
  }

  /**
   * Does what is due: a token's end by the wall clock, everything else by `performance.now()`. Returns why the stream
   * must end, if it must.
   */
  tick(now: number, { streamPingMs }: StreamTimes): Ending | undefined {
    const { expiresAt } = this;
    if (hasCome(expiresAt)) return ending('token-expired', 'The token has expired; connect with a new one.');
    if (now >= this.endAt)
      return ending('unavailable', 'The stream has lived its longest time; resume with your last id.', 'longest-time');
    if (this.outlet.isStalled(now))
      return ending('unavailable', 'The client does not read; resume with your last id.', 'slow-reader');
    if (!this.toldExpiring && hasCome(new Date(expiresAt.getTime() - EXPIRING_MS))) {
      this.toldExpiring = true;
      this.stream.tell(controlFrame('token.expiring', { at: expiresAt.toISOString() }));
    }
    if (now >= this.pingAt) {
      this.pingAt = now + streamPingMs;
      this.stream.ping();
    }
    return undefined;
  }

  /** False if it was closed before. */
  close({ problem, reason }: Ending): boolean {
    if (this.isClosed) return false;
    this.isClosed = true;
    if (CUT.has(reason)) this.outlet.cut();
    this.reader.next(new Chunk(closingFrame(problem)));
    this.reader.complete();
    return true;
  }

  /** Who ended the stream, if nobody closed it. */
  get endedBy(): 'server' | 'client' | 'failure' {
    return this.isClosed ? 'server' : this.outlet.hasFailed ? 'failure' : 'client';
  }
}

/** `reason` is the problem's slug, unless another one is more precise. */
function ending(slug: ProblemSlug, detail: string, reason: string = slug): Ending {
  return { problem: new Problem(slug, detail), reason };
}
