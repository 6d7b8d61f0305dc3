/**
 * How the parts of this process are, each by name: for /readyz, and for who watches. Unready is a process whose database is
 * away or that is going down. A bus that is away, a source that waits for its upstream, a log that is behind do not make it
 * so: readers keep what they have, and would have it no better elsewhere.
 */
import { Injectable, OnModuleDestroy } from '@nestjs/common';
import { Bus } from '../bus/bus.js';
import { CallsService } from '../calls/calls.service.js';
import { PgPool } from '../database/pg-pool.js';
import { EventTail } from '../events/event-tail.js';
import { StreamAdmission } from '../events/stream-admission.js';
import { StreamConnections } from '../events/stream-connections.js';
import { type ErasureProgress, TenantErasures } from '../tenants/tenant-erasures.js';
import { type SourceStatus, SourceSupervisor } from '../sources/source-supervisor.js';

/** A database that takes longer to answer is away. */
const DATABASE_MS = 2000;
/** What is delivered later than this after it was in the log is late: the tail looks at the log every second. */
const LATE_MS = 3000;

type Calls = Awaited<ReturnType<CallsService['progress']>>;
const AWAY = { state: 'away' } as const;

export interface Readiness {
  readonly status: 'ready' | 'unready' | 'leaving';
  readonly database: { readonly state: 'up' | 'away' };
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

@Injectable()
export class ReadinessService implements OnModuleDestroy {
  private isLeaving = false;

  constructor(
    private readonly pool: PgPool,
    private readonly tail: EventTail,
    private readonly bus: Bus,
    private readonly calls: CallsService,
    private readonly sources: SourceSupervisor,
    private readonly connections: StreamConnections,
    private readonly admission: StreamAdmission,
    private readonly erasures: TenantErasures,
  ) {}

  /** The first thing that a process does that goes down: whoever sends readers here sends them elsewhere. */
  onModuleDestroy(): void {
    this.isLeaving = true;
  }

  /** Resolves within a few seconds, also when nothing answers. */
  async look(): Promise<Readiness> {
    const calls = await withinTime(this.progress());
    const database = calls !== undefined;
    const erasures = database ? await withinTime(this.erasures.progress().catch(() => undefined)) : undefined;
    return {
      status: this.isLeaving ? 'leaving' : database ? 'ready' : 'unready',
      database: { state: database ? 'up' : 'away' },
      tail: database ? this.tailState() : AWAY,
      bus: { state: this.bus.connected ? 'up' : 'away' },
      streams: this.streams(),
      calls: calls ?? AWAY,
      ...(erasures === undefined ? {} : { erasures }),
      sources: Object.fromEntries(this.sources.status.map(({ name, ...status }) => [name, status])),
    };
  }

  private async progress(): Promise<Calls | typeof AWAY | undefined> {
    if (!(await answers(this.pool.query('SELECT 1')))) return undefined;
    return this.calls.progress().catch(() => AWAY);
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

function answers(question: Promise<unknown>): Promise<boolean> {
  return question.then(
    () => true,
    () => false,
  );
}

/** Undefined when it takes longer than a database may. */
async function withinTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), DATABASE_MS)));
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
