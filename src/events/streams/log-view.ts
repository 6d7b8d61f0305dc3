/** What a stream reads: whose events, and by which of the two numberings its cursor counts. */
import { type OwnedAgents, type OwnedSet, listed } from '../../agents/owned-agents.js';
import type { TenantId } from '../../common/ids.js';
import type { EventFilter, PlatformFilter } from '../log/event-filter.js';
import type { RecentlyErased } from '../log/recently-erased.js';
import type { EventLog, TenantHeads } from '../log/event-log.js';
import type { LogReader } from '../log/log-reader.js';
import type { EventRouter, Receive } from '../live/event-router.js';
import type { LogExpiry } from '../log/log-expiry.js';
import type { LogLineage } from '../log/log-lineage.js';
import { LogPage } from './log-page.js';
import { type LogPages, PAGE_BOUNDS } from './log-pages.js';
import { type Numbering, PLATFORM_NUMBERING, TENANT_NUMBERING } from '../live/frame.js';

/** Where a numbering begins and ends: numbers in (`expiredUntil`, `last`] can be read. */
export interface Bounds {
  readonly last: number;
  readonly expiredUntil: number;
  /** Up to here single numbers may be missing: a cursor before it is told so, and goes on from where it stands. */
  readonly brokenUntil?: number;
  /** Numbers up to it may once have been given to other events: nobody passes it without being told. */
  readonly resumedAfter: number;
}

export interface LogView {
  /** From now on, everything that is routed to this reader. Returns how to leave. */
  register(receive: Receive): () => void;
  bounds(): Promise<Bounds>;
  /**
   * The number after which what was received at or after a moment begins. Rejects when `until` aborts before its turn.
   */
  since(moment: Date, until: AbortSignal): Promise<number>;
  /**
   * The log after a number, as of after the call; to be asked after {@link bounds}. Rejects when `until` aborts before
   * its turn.
   */
  page(after: number, until: AbortSignal): Promise<LogPage>;
  /** What `connected` says besides the cursor; to be asked after {@link bounds}. */
  readonly greeting: Readonly<Record<string, unknown>>;
  /** Another number when something that was read, or is queued, may have been erased since. */
  readonly revision: number;
  /** True when every number is the reader's: one that is missing has been removed. */
  readonly isWhole: boolean;
  /** Up to which number the reader's registration has been offered what its filter lets through; 0: not known now. */
  readonly seen: number;
  /** What the reader was told last of what its tenant owns; absent: it was told nothing, and is not to be. */
  told?: OwnedSet | undefined;
}

/** What readings read from. */
export interface LogSources {
  readonly log: EventLog;
  readonly reader: LogReader;
  readonly expiry: LogExpiry;
  readonly lineage: LogLineage;
  readonly erased: RecentlyErased;
  readonly heads: TenantHeads;
  readonly owned: OwnedAgents;
  readonly pages: LogPages;
  readonly router: EventRouter;
}

/** One tenant's own events, by its own numbers (`seq`). */
export class TenantLogView implements LogView {
  private incarnation = '';
  private resumedAfter = 0;
  told: OwnedSet | undefined;
  /** Where the page before ended, if it was a full one. */
  private pageEnd: number | undefined;

  constructor(
    private readonly sources: LogSources,
    private readonly tenantId: TenantId,
    private readonly filter: EventFilter,
    private readonly numbering: Numbering = TENANT_NUMBERING,
  ) {}

  get isWhole(): boolean {
    const { agents, calls, types } = this.filter;
    return agents === null && calls === null && types === null;
  }

  get revision(): number {
    return this.sources.erased.revision;
  }

  get seen(): number {
    return this.sources.router.seenOf(this.tenantId);
  }

  get greeting(): Readonly<Record<string, unknown>> {
    const { agents } = this.filter;
    return { tenant: this.tenantId, ...(agents ? { agents: [...agents] } : this.told && listed(this.told)) };
  }

  register(receive: Receive): () => void {
    return this.sources.router.register(this.tenantId, this.filter, receive, this.numbering);
  }

  async bounds(): Promise<Bounds> {
    const { heads, owned } = this.sources;
    const [{ seq, expiredUntil, incarnation, resumedAfter }, told] = await Promise.all([
      heads.of(this.tenantId),
      this.told ?? owned.of(this.tenantId, this.filter.agents),
    ]);
    this.incarnation = incarnation;
    this.resumedAfter = resumedAfter;
    this.told ??= told;
    return { last: seq, expiredUntil, resumedAfter };
  }

  since(moment: Date, until: AbortSignal): Promise<number> {
    return this.sources.reader.since(this.tenantId, moment, { until, isEndless: true });
  }

  async page(after: number, until: AbortSignal): Promise<LogPage> {
    const { tenantId, resumedAfter, incarnation, filter } = this;
    const { pages, reader } = this.sources;
    // Pages that readers share are in the plain form, which nearly all of them read.
    if (this.isWhole && incarnation !== '' && this.numbering === TENANT_NUMBERING) {
      const goesOn = after === this.pageEnd;
      const page = await pages[goesOn ? 'from' : 'after'](tenantId, incarnation, after, resumedAfter, until);
      this.pageEnd = page.reachesEnd ? undefined : page.reached;
      return page;
    }
    const { events, reached, isEnd } = await reader.read(tenantId, after, PAGE_BOUNDS, filter, {
      until,
      isEndless: true,
    });
    return LogPage.of(this.numbering, events, isEnd, resumedAfter, reached);
  }
}

/** Everybody's events, nobody's included, by the platform's numbers (`position`): for admins. */
export class PlatformLogView implements LogView {
  readonly isWhole = false;
  private resumedAfter = 0;

  constructor(
    private readonly sources: LogSources,
    private readonly filter: PlatformFilter,
    private readonly numbering: Numbering = PLATFORM_NUMBERING,
  ) {}

  get revision(): number {
    return this.sources.erased.revision;
  }

  get seen(): number {
    return this.sources.router.seenAcrossTenants;
  }

  get greeting(): Readonly<Record<string, unknown>> {
    const { tenants, agents, unassigned } = this.filter;
    return { tenant: null, tenants: tenants && [...tenants], agents: agents && [...agents], unassigned };
  }

  register(receive: Receive): () => void {
    return this.sources.router.registerAcrossTenants(this.filter, receive, this.numbering);
  }

  async bounds(): Promise<Bounds> {
    const { log, expiry, lineage } = this.sources;
    const [last, brokenUntil, resumedAfter] = await Promise.all([
      log.headPosition(),
      expiry.brokenUntil(),
      lineage.resumedAfter(),
    ]);
    this.resumedAfter = resumedAfter;
    return { last, expiredUntil: 0, brokenUntil, resumedAfter };
  }

  since(moment: Date, until: AbortSignal): Promise<number> {
    return this.sources.reader.since(null, moment, { until, isEndless: true });
  }

  async page(after: number, until: AbortSignal): Promise<LogPage> {
    const { reader } = this.sources;
    const { events, reached, isEnd } = await reader.readAcrossTenants(after, PAGE_BOUNDS, this.filter, {
      until,
      isEndless: true,
    });
    return LogPage.of(this.numbering, events, isEnd, this.resumedAfter, reached);
  }
}
