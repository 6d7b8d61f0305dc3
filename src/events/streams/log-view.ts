/** What a stream reads: whose events, and in which of the two numberings its cursor counts. */
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
  /**
   * Up to this number single events may be missing. A reader with a cursor before it is told so, and goes on from
   * there.
   */
  readonly brokenUntil?: number;
  /** Numbers up to this one may have been given to other events before. No reader passes it without being told. */
  readonly resumedAfter: number;
}

export interface LogView {
  /** From now on, `receive` gets everything that is routed to this reader. Returns a function that ends this. */
  register(receive: Receive): () => void;
  bounds(): Promise<Bounds>;
  /**
   * The number after which the events begin that were received at or after a moment. Rejects when `until` aborts before
   * its turn.
   */
  since(moment: Date, until: AbortSignal): Promise<number>;
  /**
   * The log after a number, as it is at a moment after the call. Ask for it after {@link bounds}. Rejects when `until`
   * aborts before its turn.
   */
  page(after: number, until: AbortSignal): Promise<LogPage>;
  /** What `connected` says besides the cursor. Ask for it after {@link bounds}. */
  readonly greeting: Readonly<Record<string, unknown>>;
  /** Changes when something that was read, or is queued, may have been erased since. */
  readonly revision: number;
  /** True when the reader gets every number. Then a number that is missing has been removed. */
  readonly isWhole: boolean;
  /**
   * Up to this number the reader's registration has been offered everything that its filter lets through; 0: not known
   * now.
   */
  readonly seen: number;
  /** What the reader was last told that its tenant owns. Absent: it was not told, and is not to be told. */
  told?: OwnedSet | undefined;
}

/** What log views read from. */
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
  /** Where the page before ended, if it was full. */
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
    // Shared pages are in the plain form, which nearly all readers use.
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

/** The events of all tenants and of nobody, by the platform's numbers (`position`): for admins. */
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
