/**
 * How the parts of this process are, each by name: for /readyz, and for who watches. Whoever balances asks whether this process is
 * to get readers. It is, unless it goes down: while the database is away open streams stay, and who comes is told to come
 * back in a way that an EventSource understands; where every process said no, a balancer would answer in its own words, and
 * an EventSource never comes back from those. So `degraded` is for people and alerts, `leaving` for balancers, too.
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

/** A database that takes longer to answer is away. */
const DATABASE_MS = 2000;
/** After this it is asked anew: a connection may hang by itself. */
const ASK_AGAIN_MS = 5000;
/** A balancer that checks every second waits no longer than that: until then what is known counts. */
const ANSWER_MS = 500;
/** What is delivered later than this after it was in the log is late: the tail looks at the log every second. */
const LATE_MS = 3000;

/** Fails where the log's tables are not there; a database that may be written to may all the same not take an event. */
const PROBE = `SELECT current_setting('transaction_read_only') = 'on' AS "isReadOnly" FROM log_head`;
const READ_ONLY = 'read-only: it takes nothing in';
const LATE = `unreachable: no answer within ${DATABASE_MS / 1000} s`;

type Calls = Awaited<ReturnType<CallsService['progress']>>;
const AWAY = { state: 'away' } as const;

/** What the database says; `reason`: why it can't. */
interface Asked {
  readonly reason: string | undefined;
  readonly calls: Calls | typeof AWAY;
  readonly erasures?: ErasureProgress | undefined;
}

export interface Readiness {
  /** `degraded`: the database is away, it does not answer or takes nothing in, for whatever reason. */
  readonly status: 'ready' | 'degraded' | 'leaving';
  /** `reason`: why it is away, in words. */
  readonly database: { readonly state: 'up' | 'away'; readonly reason?: string };
  /** The way from the log to the readers of this process. `behindSeconds`: how late what it delivers is. */
  readonly tail: { readonly state: 'up' | 'behind' | 'away'; readonly behindSeconds?: number };
  readonly bus: { readonly state: 'up' | 'away' };
  /** `leaking`: places were held for connections that were gone, and were given back; a fault of ours. */
  readonly streams: { readonly state: 'up' | 'leaking'; readonly open: number; readonly opening: number };
  /** How many events behind the log the calls are, and how far a rebuild is. */
  readonly calls: Calls | typeof AWAY;
  /** Tenants that have no rights any more and whose events are being removed; none: it does not stand here. */
  readonly erasures?: ErasureProgress;
  readonly sources: Readonly<Record<string, Omit<SourceStatus, 'name'>>>;
}

const SILENT: Asked = { reason: LATE, calls: AWAY };

@Injectable()
export class ReadinessService implements OnModuleDestroy {
  private isLeaving = false;
  /** What it said last. */
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

  /** The first thing that a process does that goes down: whoever sends readers here sends them elsewhere. */
  leave(): void {
    this.isLeaving = true;
  }

  onModuleDestroy(): void {
    this.leave();
  }

  /** Resolves within half a second (the first time 2 s), also when nothing answers. */
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

  /** One question at a time, however many want to know. */
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
