/**
 * The state of each part of this process, by name: for /readyz, and for monitoring. A balancer asks whether this
 * process should get readers. It should, unless it is going down. While the database is away, open streams stay, and
 * new clients are told to come back in a way that an EventSource understands. If every process said no, the balancer
 * would answer in its own words, after which an EventSource never comes back. So `degraded` is for people and alerts;
 * `leaving` is for balancers, too.
 */
import { Injectable, OnModuleDestroy } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { CallsService } from '../calls/lists/calls.service.js';
import { describeTrouble } from '../database/database-trouble.js';
import { PgPool } from '../database/pg-pool.js';
import { EventTail } from '../events/live/event-tail.js';
import { IngestService } from '../events/live/ingest.service.js';
import { StreamAdmission } from '../events/streams/stream-admission.js';
import { OpenStreams } from '../events/streams/open-streams.js';
import { type ErasureProgress, TenantErasures } from '../tenants/tenant-erasures.js';
import { type SourceStatus, SourceSupervisor } from '../sources/source-supervisor.js';
import { withinTime } from '../common/waiting.js';

/** A database that takes longer to answer counts as away. */
const DATABASE_MS = 2000;
/** After this time the question is asked again: a single connection may hang. */
const ASK_AGAIN_MS = 5000;
/**
 * A balancer that checks every second waits no longer than that; until the answer comes, the last known state counts.
 */
const ANSWER_MS = 500;
/** An event that is delivered later than this after it was logged is late: the tail looks at the log every second. */
const LATE_MS = 3000;

/** Fails if the log's tables do not exist. A database that accepts writes may still refuse events. */
const PROBE = `SELECT current_setting('transaction_read_only') = 'on' AS "isReadOnly" FROM log_head`;
const READ_ONLY = 'read-only: it takes nothing in';
const LATE = `unreachable: no answer within ${DATABASE_MS / 1000} s`;

type Calls = Awaited<ReturnType<CallsService['progress']>>;
const AWAY = { state: 'away' } as const;

/** The state of the database; `reason`: why it is not well. */
interface Asked {
  readonly reason: string | undefined;
  readonly calls: Calls | typeof AWAY;
  readonly erasures?: ErasureProgress | undefined;
}

export interface Readiness {
  /** `degraded`: the database is away: it does not answer, or accepts no writes, for whatever reason. */
  readonly status: 'ready' | 'degraded' | 'leaving';
  /** `reason`: why it is away, in words. */
  readonly database: { readonly state: 'up' | 'away'; readonly reason?: string };
  /** The way from the log to the readers of this process. `behindSeconds`: how late its events are. */
  readonly tail: { readonly state: 'up' | 'behind' | 'away'; readonly behindSeconds?: number };
  readonly bus: { readonly state: 'up' | 'away' };
  /** `leaking`: places were held for connections that had gone, and were given back; a fault of ours. */
  readonly streams: { readonly state: 'up' | 'leaking'; readonly open: number; readonly opening: number };
  /** How many events the calls are behind the log, and how far a rebuild is. */
  readonly calls: Calls | typeof AWAY;
  /** Tenants without rights whose events are being removed; absent if there are none. */
  readonly erasures?: ErasureProgress;
  readonly sources: Readonly<Record<string, Omit<SourceStatus, 'name'>>>;
}

const SILENT: Asked = { reason: LATE, calls: AWAY };

@Injectable()
export class ReadinessService implements OnModuleDestroy {
  private isLeaving = false;
  /** The state that it reported last. */
  private known: Asked | undefined;
  private asking: { readonly since: number; readonly answer: Promise<Asked> } | undefined;

  constructor(
    private readonly pool: PgPool,
    private readonly tail: EventTail,
    private readonly bus: Bus,
    private readonly calls: CallsService,
    private readonly ingest: IngestService,
    private readonly sources: SourceSupervisor,
    private readonly connections: OpenStreams,
    private readonly admission: StreamAdmission,
    private readonly erasures: TenantErasures,
  ) {}

  /** The first step of a process that goes down: balancers send readers elsewhere. */
  leave(): void {
    this.isLeaving = true;
  }

  onModuleDestroy(): void {
    this.leave();
  }

  /** Resolves within half a second (the first time 2 s), also if nothing answers. */
  async look(): Promise<Readiness> {
    const { reason, calls, erasures } = await this.asked();
    return {
      status: this.isLeaving ? 'leaving' : reason === undefined ? 'ready' : 'degraded',
      database: reason === undefined ? { state: 'up' } : { state: 'away', reason },
      tail: reason === undefined ? this.tailState() : AWAY,
      bus: { state: this.bus.connected ? 'up' : 'away' },
      streams: this.streams(),
      calls,
      ...(erasures === undefined ? {} : { erasures }),
      sources: Object.fromEntries(this.sources.status.map(({ name, ...status }) => [name, status])),
    };
  }

  /** One query at a time, however many callers wait. */
  private async asked(): Promise<Asked> {
    if (this.asking === undefined || performance.now() - this.asking.since >= ASK_AGAIN_MS)
      this.asking = { since: performance.now(), answer: this.ask() };
    const { asking } = this;
    const asked = await withinTime(asking.answer, this.known === undefined ? DATABASE_MS : ANSWER_MS);
    if (asked !== undefined) {
      this.known = asked;
      if (this.asking === asking) this.asking = undefined;
    } else if (this.known === undefined || performance.now() - asking.since >= DATABASE_MS) this.known = SILENT;
    return this.known;
  }

  private async ask(): Promise<Asked> {
    const { rows, error } = await this.pool.query<{ isReadOnly: boolean }>(PROBE).then(
      (result) => ({ rows: result.rows, error: undefined }),
      (failure: unknown) => ({ rows: [], error: failure }),
    );
    if (error !== undefined) return { reason: describeTrouble(error), calls: AWAY };
    const reason = rows[0]?.isReadOnly ? READ_ONLY : this.ingest.trouble;
    const [calls, erasures] = await Promise.all([
      this.calls.progress().catch(() => AWAY),
      this.erasures.progress().catch(() => undefined),
    ]);
    return { reason, calls, erasures };
  }

  private streams(): Readiness['streams'] {
    const lost = this.connections.lostStreams + this.admission.lostPlaces;
    const { size: open } = this.connections.all;
    return { state: lost > 0 ? 'leaking' : 'up', open, opening: this.admission.held };
  }

  private tailState(): Readiness['tail'] {
    const { behindMs } = this.tail;
    return { state: behindMs > LATE_MS ? 'behind' : 'up', behindSeconds: Math.round(behindMs / 100) / 10 };
  }
}
