/**
 * The log as customers read it, at a bounded cost. A page has a bounded number of rows and bytes. A filter looks
 * through a bounded number of log numbers at a time, however few events it lets through. A reader goes on from where
 * the *look* ended, whether events were found or not. Connections and turns: database/pools.ts.
 */
import { Injectable } from '@nestjs/common';
import type { Patience } from '../../common/fair-slots.js';
import type { CallId, TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { ReplayPool } from '../../database/pools.js';
import type { LoggedEvent } from './event.js';
import { type EventFilter, type PlatformFilter, likePatterns } from './event-filter.js';
import { type SizedRow, toLoggedEvent } from './event-log.js';

/** Numbers that a filter looks at in one statement; this takes some 20 ms. */
const WINDOW = 20_000;
/** Windows that one request looks through. */
const MAX_WINDOWS = 5;
/**
 * A look at no more numbers than this is a short question. So is a question for one page of no more calls than this.
 */
const SHORT = 1000;
const FEW_CALLS = 10;
const NO_END = Number.MAX_SAFE_INTEGER;

/** A page ends when it has this many events or bytes of them; it has at least one event. */
export interface PageBounds {
  readonly limit: number;
  readonly bytes: number;
}

/** A part of the log that was looked at. */
export interface Stretch {
  /** The events in it that the filter lets through, in order. */
  readonly events: readonly LoggedEvent[];
  /** Every event up to this number was looked at. */
  readonly reached: number;
  /** True when the log ended there. */
  readonly isEnd: boolean;
  /** Bytes of the events' data. */
  readonly bytes: number;
}

/** What is looked at next: the numbers from `first` to `reached`, or only these places among them. */
interface Window {
  readonly first: number;
  readonly reached: number;
  readonly isEnd: boolean;
  readonly places?: readonly number[] | null;
}

interface StretchRow extends Omit<Window, 'places'> {
  readonly places: readonly (number | string)[] | null;
}

/** What a filter tests, in the form that the database takes; null: it does not test this. */
interface Narrowing {
  readonly agents: readonly string[] | null;
  readonly types: readonly string[] | null;
  /** Tenants; the empty text stands for nobody. */
  readonly owners?: readonly string[] | null;
}

const COLUMNS = 'position, tenant_id, seq, call_id, agent, type, at, data, octet_length(data) AS bytes';
const TENANT_PAGE = `SELECT ${COLUMNS} FROM tenant_log_page($1, $2, $3, $4, $5, $6, $7)`;
const CALLS_PAGE = `SELECT ${COLUMNS} FROM tenant_calls_page($1, $2, $3, $4, $5, $6, $7, $8)`;
const PAGE_STATEMENT = `SELECT ${COLUMNS} FROM log_page($1, $2, $3, $4, $5, $6, $7, $8)`;
const TENANT_PLACES = `SELECT ${COLUMNS} FROM tenant_places_page($1, $2, $3, $4, $5, $6)`;
const PLACES = `SELECT ${COLUMNS} FROM log_places_page($1, $2, $3, $4, $5, $6, $7)`;
const LOOK = 'SELECT first, reached, is_end AS "isEnd" FROM log_window($1, $2, $3)';
const LOOK_FOR = 'SELECT first, reached, is_end AS "isEnd", places FROM log_stretch($1, $2, $3, $4, $5, $6, $7)';
const HAS_CALL = `SELECT 1 FROM call_tenants WHERE call_id = $1 AND tenant_id = $2
  HAVING count(*) > 0 AND count(erased_at) = 0`;

@Injectable()
export class LogReader {
  constructor(private readonly pool: ReplayPool) {}

  /** A tenant's own events after `after`, by `seq`. */
  async read(
    tenantId: TenantId,
    after: number,
    { limit, bytes }: PageBounds,
    { agents, calls, types }: EventFilter,
    patience: Patience,
  ): Promise<Stretch> {
    const narrowing = { agents: agents && [...agents], types: likePatterns(types) };
    const window = await this.windowOf(tenantId, after, limit, { ...narrowing, calls }, patience);
    const { agents: names, types: patterns } = narrowing;
    const values = [tenantId, startIn(window, after), window?.reached ?? NO_END, limit, bytes, names, patterns];
    const isShort = calls === null ? isShortLook(window) : calls.size <= FEW_CALLS;
    const rows = await this.ask(tenantId, isShort, patience, () => {
      if (calls !== null) return this.pool.prepared<SizedRow>('calls-page', CALLS_PAGE, [...values, [...calls]]);
      if (!window?.places) return this.pool.prepared<SizedRow>('tenant-page', TENANT_PAGE, values);
      const of = [tenantId, window.places, limit, bytes, names, patterns];
      return this.pool.prepared<SizedRow>('tenant-places', TENANT_PLACES, of);
    });
    return stretchOf(rows, after, { limit, bytes }, window, ({ seq }) => seq);
  }

  /** As {@link read}, over as many windows as one request may look through. Only a few requests do this at a time. */
  readOn(
    tenantId: TenantId,
    after: number,
    bounds: PageBounds,
    filter: EventFilter,
    patience: Patience,
  ): Promise<Stretch> {
    const read = async () => {
      const events: LoggedEvent[] = [];
      let [reached, bytes] = [after, 0];
      for (let windows = 1; ; windows += 1) {
        const left = { limit: bounds.limit - events.length, bytes: bounds.bytes - bytes };
        const stretch = await this.read(tenantId, reached, left, filter, patience).catch((error: unknown) => {
          // What was found before the tenant's turns were used up is an answer, too.
          if (windows > 1 && error instanceof Problem) return undefined;
          throw error;
        });
        if (stretch === undefined) return { events, reached, bytes, isEnd: false };
        events.push(...stretch.events);
        bytes += stretch.bytes;
        ({ reached } = stretch);
        const isFull = events.length >= bounds.limit || bytes >= bounds.bytes;
        if (stretch.isEnd || isFull || windows >= MAX_WINDOWS) return { events, reached, bytes, isEnd: stretch.isEnd };
      }
    };
    return this.pool.answer(tenantId, read, patience);
  }

  /** Events of all tenants and of nobody after `after`, by `position`. */
  async readAcrossTenants(
    after: number,
    { limit, bytes }: PageBounds,
    { tenants, unassigned, agents, types }: PlatformFilter,
    patience: Patience,
  ): Promise<Stretch> {
    const isFiltered = tenants !== null || unassigned || agents !== null || types !== null;
    const owners = tenants === null && !unassigned ? null : [...(tenants ?? []), ...(unassigned ? [''] : [])];
    const narrowing = { agents: agents && [...agents], types: likePatterns(types) };
    const window = isFiltered ? await this.lookFor(null, after, limit, { ...narrowing, owners }, patience) : undefined;
    const filter = [tenants && [...tenants], unassigned, narrowing.agents, narrowing.types];
    const [first, last] = [startIn(window, after), window?.reached ?? NO_END];
    const rows = await this.ask(null, isShortLook(window), patience, () =>
      window?.places
        ? this.pool.prepared<SizedRow>('places', PLACES, [window.places, limit, bytes, ...filter])
        : this.pool.prepared<SizedRow>('page', PAGE_STATEMENT, [first, last, limit, bytes, ...filter]),
    );
    return stretchOf(rows, after, { limit, bytes }, window, ({ position }) => position);
  }

  /**
   * The number after which a tenant's log (null: the platform's) has the events that were received at or after a
   * moment.
   */
  async since(tenantId: TenantId | null, moment: Date, patience: Patience): Promise<number> {
    const text = 'SELECT log_since($1, $2) AS after';
    const ask = () => this.pool.query<{ after: number | null }>(text, [tenantId, moment]);
    const { rows } = await this.pool.ask(tenantId, ask, patience);
    return rows[0]?.after ?? 0;
  }

  /** True for a call that was stamped with this tenant and is not erased. */
  async hasCall(tenantId: TenantId, callId: CallId, patience: Patience): Promise<boolean> {
    const ask = () => this.pool.query(HAS_CALL, [callId, tenantId]);
    const { rowCount } = await this.pool.ask(tenantId, ask, patience);
    return rowCount === 1;
  }

  /**
   * Undefined when every number is asked for. Calls are found by an index: they need no window, only the end of the
   * log.
   */
  private async windowOf(
    tenantId: TenantId,
    after: number,
    limit: number,
    { calls, ...narrowing }: Narrowing & Pick<EventFilter, 'calls'>,
    patience: Patience,
  ): Promise<Window | undefined> {
    if (calls !== null) return this.look(tenantId, after, NO_END, patience);
    if (narrowing.agents === null && narrowing.types === null) return undefined;
    return this.lookFor(tenantId, after, limit, narrowing, patience);
  }

  /** Where the filter goes on, by the marks of the log (log-marks.ts). */
  private async lookFor(
    tenantId: TenantId | null,
    after: number,
    limit: number,
    { agents, types, owners = null }: Narrowing,
    patience: Patience,
  ): Promise<Window> {
    const values = [tenantId, after, WINDOW, limit, agents, types, owners];
    const ask = () => this.pool.prepared<StretchRow>('log-stretch', LOOK_FOR, values);
    const { rows } = await this.pool.ask(tenantId, ask, patience);
    const [row] = rows;
    if (row === undefined) return { first: after, reached: after, isEnd: true };
    return { ...row, places: row.places && row.places.map(Number) };
  }

  private async look(tenantId: TenantId | null, after: number, size: number, patience: Patience): Promise<Window> {
    const values = [tenantId, after, size];
    const ask = () => this.pool.prepared<Window>('log-window', LOOK, values);
    const { rows } = await this.pool.ask(tenantId, ask, patience);
    return rows[0] ?? { first: after, reached: after, isEnd: true };
  }

  private async ask(
    tenantId: TenantId | null,
    isShort: boolean,
    patience: Patience,
    statement: () => Promise<{ rows: SizedRow[] }>,
  ): Promise<SizedRow[]> {
    const { rows } = await (isShort
      ? this.pool.ask(tenantId, statement, patience)
      : this.pool.askMuch(tenantId, statement, patience));
    return rows;
  }
}

function isShortLook(window: Window | undefined): boolean {
  return window === undefined || (window.places?.length ?? window.reached - window.first) < SHORT;
}

/** The number after which a window is read. */
function startIn(window: Window | undefined, after: number): number {
  return window === undefined ? after : Math.max(after, window.first - 1);
}

function stretchOf(
  rows: readonly SizedRow[],
  after: number,
  { limit, bytes }: PageBounds,
  window: Window | undefined,
  numberOf: (event: LoggedEvent) => number | null,
): Stretch {
  const events = rows.map(toLoggedEvent);
  const size = rows.reduce((sum, row) => sum + row.bytes, 0);
  const isCut = rows.length >= limit || size >= bytes;
  const last = events.at(-1);
  const lastNumber = last === undefined ? after : (numberOf(last) ?? after);
  return {
    events,
    bytes: size,
    reached: isCut ? lastNumber : (window?.reached ?? lastNumber),
    isEnd: !isCut && (window?.isEnd ?? true),
  };
}
