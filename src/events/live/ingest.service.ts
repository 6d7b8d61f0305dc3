/**
 * The only door to the log. While one append is under way, the next batch collects. So batches grow with the time that
 * a commit takes, without a timer. Events leave in the order in which they came, ephemeral ones between the durable
 * ones.
 */
import { LRUCache } from 'lru-cache';
import { Injectable, Logger } from '@nestjs/common';
import { Bus } from '../../bus/bus.js';
import type { TenantId } from '../../common/ids.js';
import { appendEvents, appendSeconds, eventsIn } from '../../common/metrics.js';
import { Problem } from '../../common/problem.js';
import { blameOf, codeOf } from '../../database/database-errors.js';
import { AppendFailures } from './append-failures.js';
import { RecentlyErased } from '../log/recently-erased.js';
import type { AdmittedEvent, LoggedEvent } from '../log/event.js';
import { Appended, EventLog } from '../log/event-log.js';
import { withinTime } from '../../common/waiting.js';

/**
 * Most events in one append. With more, a commit takes longer but stores no more events a second (docs/performance.md).
 */
const MAX_BATCH = 2000;
/** Events that may wait for an append; bounds memory. */
const MAX_WAITING = 20_000;
/** A database that does not answer delays ephemeral events by no more than this. */
const HEAD_MS = 500;
/** How long after an append the next one is expected. */
const BUSY_MS = 250;
/** Calls whose tenant is remembered, so that their ephemeral events need no look-up. */
const MAX_CALLS = 50_000;

interface Submission {
  readonly events: readonly AdmittedEvent[];
  readonly onlyTenant: TenantId | null;
  readonly resolve: (appended: Appended[]) => void;
  readonly reject: (error: unknown) => void;
}

@Injectable()
export class IngestService {
  private readonly logger = new Logger('Ingest');
  private readonly failures = new AppendFailures();
  private readonly calls = new LRUCache<string, Appended>({ max: MAX_CALLS });
  private queue: Submission[] = [];
  private waiting = 0;
  private lastPosition = 0;
  private working = false;
  private lastAppendAt = -Infinity;

  constructor(
    private readonly log: EventLog,
    private readonly bus: Bus,
    private readonly erased: RecentlyErased,
  ) {
    // A tenant was erased: what is remembered about its calls is no longer true.
    bus.messages.subscribe((message) => {
      if (message.kind === 'tenant-changed' && message.status === 'deleted') this.calls.clear();
    });
  }

  /**
   * Takes events in, in order, behind those that were submitted before. Resolves after the commit, with one outcome for
   * each event. Rejects with `unavailable` when too many events wait. Any other rejection is the error of the append:
   * then it is not known which events came in, and they must be sent again.
   */
  submit(events: readonly AdmittedEvent[], onlyTenant: TenantId | null): Promise<Appended[]> {
    if (events.length === 0) return Promise.resolve([]);
    if (this.waiting > 0 && this.waiting + events.length > MAX_WAITING) {
      return Promise.reject(
        new Problem('unavailable', 'More events wait than can be taken in; send again in a moment.'),
      );
    }
    this.waiting += events.length;
    return new Promise((resolve, reject) => {
      this.queue.push({ events, onlyTenant, resolve, reject });
      if (!this.working) void this.work();
    });
  }

  /** What was wrong with the database at the last append, in words, if that append failed a short while ago. */
  get trouble(): string | undefined {
    return this.failures.trouble;
  }

  /** How many events wait for an append. */
  get waitingEvents(): number {
    return this.waiting;
  }

  /** True while events are coming in. Background work that reads the log gives way to them. */
  get isBusy(): boolean {
    return this.working || performance.now() - this.lastAppendAt < BUSY_MS;
  }

  private async work(): Promise<void> {
    this.working = true;
    // Everything that is submitted in this turn of the event loop goes into the first batch.
    await Promise.resolve();
    for (let batch = this.takeBatch(); batch.length > 0; batch = this.takeBatch()) await this.process(batch);
    this.working = false;
    this.lastAppendAt = performance.now();
  }

  /** Takes whole submissions of one writer, as many as fit, at least one. */
  private takeBatch(): Submission[] {
    const first = this.queue[0];
    if (first === undefined) return [];
    let count = 0;
    let size = 0;
    for (const submission of this.queue) {
      if (submission.onlyTenant !== first.onlyTenant || (count > 0 && size + submission.events.length > MAX_BATCH))
        break;
      count += 1;
      size += submission.events.length;
    }
    this.waiting -= size;
    return this.queue.splice(0, count);
  }

  private async process(batch: readonly Submission[]): Promise<void> {
    const events = batch.flatMap((submission) => submission.events);
    const onlyTenant = batch[0]?.onlyTenant ?? null;
    let appended: Appended[];
    try {
      appended = await this.append(events, onlyTenant);
      if (isEphemeralOnly(appended)) await this.lookAtHead();
    } catch (error) {
      this.failures.note(error);
      // A bug that one submission brings out must not fail the submissions beside it.
      if (batch.length > 1 && blameOf(error) === 'ours') for (const one of batch) await this.process([one]);
      else for (const { reject } of batch) reject(error);
      return;
    }
    if (!isEphemeralOnly(appended)) this.failures.clear();
    try {
      this.announce(events, appended, onlyTenant);
    } catch (error) {
      this.failures.noteUnannounced(error);
    }
    let start = 0;
    for (const { events: own, resolve } of batch) resolve(appended.slice(start, (start += own.length)));
  }

  /** Appends the events that need the database. Ephemeral events of a call whose tenant is known do not. */
  private async append(events: readonly AdmittedEvent[], onlyTenant: TenantId | null): Promise<Appended[]> {
    const known = events.map((event) => this.knownTenant(event, onlyTenant));
    const unknown = events.filter((_, index) => known[index] === undefined);
    const rows = unknown.length > 0 ? await this.timedAppend(unknown, onlyTenant) : [];
    let next = 0;
    return known.map((stamp) => stamp ?? rows[next++] ?? REFUSED);
  }

  private async timedAppend(events: readonly AdmittedEvent[], onlyTenant: TenantId | null): Promise<Appended[]> {
    const stopTimer = appendSeconds.startTimer();
    const rows = await this.appendOrSplit(events, onlyTenant);
    stopTimer();
    appendEvents.observe(events.length);
    return rows;
  }

  private knownTenant(event: AdmittedEvent, onlyTenant: TenantId | null): Appended | undefined {
    if (!event.ephemeral || event.callId === null) return undefined;
    const call = this.calls.get(routeOf(event, onlyTenant));
    return call === undefined || this.erased.concerns([{ ...event, tenantId: call.tenantId }]) ? undefined : call;
  }

  /** One poison event must not fail the events beside it: a batch that is refused because of its content is halved. */
  private async appendOrSplit(events: readonly AdmittedEvent[], onlyTenant: TenantId | null): Promise<Appended[]> {
    try {
      return await this.log.append(events, onlyTenant);
    } catch (error) {
      if (blameOf(error) !== 'input') throw error;
      if (events.length === 1) {
        this.logger.error(`the database refused an event of type ${events[0]?.type}: ${codeOf(error)}`);
        return [REFUSED];
      }
      const half = Math.ceil(events.length / 2);
      const before = await this.appendOrSplit(events.slice(0, half), onlyTenant);
      return [...before, ...(await this.appendOrSplit(events.slice(half), onlyTenant))];
    }
  }

  /**
   * Finds after which position ephemeral events came in: after everything that any process has acknowledged before. If
   * the database does not answer in time, the last position that this process knows has to do.
   */
  private async lookAtHead(): Promise<void> {
    const head = await withinTime(this.log.headPosition(), HEAD_MS).catch(() => undefined);
    this.lastPosition = Math.max(this.lastPosition, head ?? 0);
  }

  private announce(events: readonly AdmittedEvent[], appended: readonly Appended[], onlyTenant: TenantId | null): void {
    const stored = appended.filter(({ outcome }) => outcome === 'stored');
    const first = stored[0]?.position ?? this.lastPosition + 1;
    let position = first - 1;
    const out: LoggedEvent[] = [];
    for (const [index, event] of events.entries()) {
      const stamp = appended[index] ?? REFUSED;
      eventsIn.inc({ outcome: stamp.outcome });
      this.rememberCall(event, stamp, onlyTenant);
      if (stamp.outcome !== 'stored' && stamp.outcome !== 'ephemeral') continue;
      position = stamp.position ?? position;
      const { type, agent, callId, at, data, ephemeral } = event;
      out.push({ type, agent, callId, at, data, ephemeral, tenantId: stamp.tenantId, position, seq: stamp.seq });
    }
    this.lastPosition = Math.max(this.lastPosition, position);
    // A batch that was split may have another process's events in between. Then the tail reads the log.
    const complete = position - first + 1 === stored.length;
    if (out.length > 0) this.bus.publish({ kind: 'appended', first, last: position, complete, events: out });
  }

  private rememberCall(event: AdmittedEvent, { tenantId, outcome }: Appended, onlyTenant: TenantId | null): void {
    if (event.callId === null || outcome === 'refused' || outcome === 'erased') return;
    const route = routeOf(event, onlyTenant);
    if (this.calls.get(route)?.tenantId === tenantId) return;
    this.calls.set(route, { tenantId, outcome: 'ephemeral', position: null, seq: null });
  }
}

/** What decides who owns a call's event: the writer, the call and the agent. */
function routeOf({ callId, agent }: AdmittedEvent, onlyTenant: TenantId | null): string {
  return `${onlyTenant ?? ''} ${callId ?? ''} ${agent}`;
}

const REFUSED: Appended = { outcome: 'refused', tenantId: null, position: null, seq: null };

/** True when nothing in it says where in the log its ephemeral events stand. */
function isEphemeralOnly(appended: readonly Appended[]): boolean {
  const outcomes = new Set(appended.map(({ outcome }) => outcome));
  return outcomes.has('ephemeral') && !outcomes.has('stored');
}
