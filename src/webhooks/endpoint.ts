/**
 * An endpoint as known to the process that serves it: what it is sent, what it holds back, and how it has answered
 * lately.
 */
import { typeMatcher } from '../events/log/event-filter.js';
import type { LoggedEvent } from '../events/log/event.js';
import { ENDINGS } from './delivery-body.js';
import type { EndpointRow } from './webhook-store.js';

/** The kind of durable reader that endpoints are. */
export const WEBHOOK = 'webhook';

/** Requests at a time: to an endpoint that answers, and to one that has not answered lately. */
const [CONNECTIONS, CONNECTIONS_WHEN_DOWN] = [8, 1];
/** After this many failures in a row an endpoint counts as down. Then only one event at a time is tried. */
const DOWN_AFTER = 5;
/** Events that may wait. Beyond this number the log is read no further; the log keeps the rest. */
export const MAX_WAITING = 1000;
/** While an endpoint is down, how soon the next event is tried that was not tried before. */
const [FIRST_PACE_MS, MAX_PACE_MS] = [5000, 60_000];

export class Endpoint {
  /** Calls of which an event waits. Later events of these calls wait behind it. */
  readonly heldCalls: Set<string>;
  /** Requests that are under way, by number. */
  readonly underWay = new Set<number>();
  /** Numbers beyond the cursor that are done, or wait. */
  readonly ahead = new Set<number>();
  waiting: number;
  failures: number;
  lastSent: number | null;
  /** Nothing more is sent, because the endpoint is being disabled. */
  isDoomed = false;
  private readonly matches: (type: string) => boolean;
  private readonly agents: ReadonlySet<string> | null;
  private queue: (() => void)[] = [];
  private busy = 0;

  constructor(readonly row: EndpointRow) {
    this.heldCalls = new Set(row.heldCalls ?? []);
    this.waiting = row.waiting;
    this.failures = row.failures;
    this.lastSent = row.lastSent;
    this.matches = typeMatcher(row.filter.types ?? null);
    this.agents = row.filter.agents === undefined ? null : new Set(row.filter.agents);
  }

  get id(): string {
    return this.row.id;
  }

  get isDown(): boolean {
    return this.failures >= DOWN_AFTER;
  }

  get hasRoom(): boolean {
    return this.waiting < MAX_WAITING;
  }

  /** How many requests may begin now. */
  get free(): number {
    return (this.isDown ? CONNECTIONS_WHEN_DOWN : CONNECTIONS) - this.busy;
  }

  /** How long after a failure the next untried event is tried. */
  get paceMs(): number {
    return Math.min(MAX_PACE_MS, FIRST_PACE_MS * 2 ** Math.min(10, this.failures - DOWN_AFTER));
  }

  wants({ type, agent }: Pick<LoggedEvent, 'type' | 'agent'>): boolean {
    if (this.agents !== null && !this.agents.has(agent)) return false;
    return this.row.each === 'call' ? ENDINGS.has(type) : this.matches(type);
  }

  /** The secrets that sign at this moment: two for a day after a rotation, else one. */
  secretsAt(now: Date): string[] {
    const { secret, previousSecret, previousUntil } = this.row;
    const isBoth = previousSecret !== null && previousUntil !== null && previousUntil > now;
    return isBoth ? [secret, previousSecret] : [secret];
  }

  /** Runs `work` when a connection is free. Waiting calls run in the order in which they came. */
  async connected<Value>(work: () => Promise<Value>): Promise<Value> {
    while (this.free <= 0) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.busy += 1;
    try {
      return await work();
    } finally {
      this.busy -= 1;
      for (const begin of this.queue.splice(0, Math.max(0, this.free))) begin();
    }
  }
}
