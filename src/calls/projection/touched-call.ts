/**
 * A call that a batch of events refers to: what is known of it, what the batch makes of it, and what is to be written.
 * Pure.
 */
import type { CallName, LoggedEvent } from '../../events/log/event.js';
import type { CallEvent } from '../fold/call-event.js';
import type { Part } from '../fold/call-part.js';
import { keysOf } from '../fold/part-keys.js';
import { measured } from '../fold/call-view.js';
import { callColumns, callEventOf, keyColumn, partColumns, tenantColumn } from './call-row.js';
import { type CallHead, type CallState, applyEvent } from '../fold/call-state.js';
import { type Keyed, entriesOf, valueAt, withValue } from '../fold/keyed.js';

/** An event that cannot be taken in. */
export interface Indigestible {
  readonly event: LoggedEvent;
  readonly error: unknown;
}

interface Taken {
  readonly logged: LoggedEvent;
  readonly event: CallEvent;
}

/**
 * What must be read of a call before a batch can be applied: the call itself, and the parts that its events refer to.
 */
export class TouchedCall {
  private head: CallHead | undefined;
  private parts: Keyed<Part> = [];
  private readonly asked = new Set<string>();

  constructor(
    readonly name: CallName,
    private readonly events: readonly Taken[],
    private readonly maxEvents: number,
  ) {}

  get logged(): readonly LoggedEvent[] {
    return this.events.map(({ logged }) => logged);
  }

  know(head: CallHead): void {
    this.head = head;
  }

  knowParts(parts: Keyed<Part>): void {
    this.parts = entriesOf(parts).reduce((known, [key, part]) => withValue(known, key, part), this.parts);
  }

  /**
   * Columns `key` of the parts that are needed and were not asked for yet. The parts that are read may lead to others.
   */
  askForKeys(): string[] {
    if (this.head?.truncated) return [];
    const byLog = this.head?.byLog?.value ?? false;
    const keys = new Set(this.events.flatMap(({ event }) => keysOf(event, this.parts, byLog)).map(keyColumn));
    const lacking = [...keys].filter((key) => !this.asked.has(key));
    for (const key of lacking) this.asked.add(key);
    return lacking;
  }

  /** The rows that the batch changes; null if none of its events could be taken in. */
  rows(onIndigestible: (one: Indigestible) => void): { call: unknown[]; parts: unknown[][] } | null {
    let after: CallState | undefined = this.head && { ...this.head, parts: this.parts };
    let count = 0;
    for (const { logged, event } of this.events) {
      try {
        after = applyEvent(after, this.name.callId, event, this.maxEvents);
        count += 1;
      } catch (error) {
        onIndigestible({ event: logged, error });
      }
    }
    if (after === undefined || count === 0) return null;
    const byLog = after.byLog?.value ?? false;
    const parts = entriesOf(after.parts)
      .filter(([key, part]) => valueAt(this.parts, key) !== part)
      .map(([key, part]) => partColumns(this.name, key, part, byLog));
    return { call: callColumns(this.name, measured(after)), parts };
  }
}

/** The calls that these events refer to. Events without a call are passed over, and so are values that are no event. */
export function touchedCalls(
  events: readonly LoggedEvent[],
  maxEvents: number,
  onIndigestible: (one: Indigestible) => void,
): TouchedCall[] {
  const calls = new Map<string, { name: CallName; events: Taken[] }>();
  for (const logged of events) {
    const { tenantId, callId } = logged;
    if (callId === null) continue;
    const key = `${tenantColumn(tenantId)} ${callId}`;
    const call = calls.get(key) ?? { name: { tenantId, callId }, events: [] };
    try {
      const event = callEventOf(logged);
      keysOf(event, []);
      call.events.push({ logged, event });
    } catch (error) {
      onIndigestible({ event: logged, error });
    }
    if (call.events.length > 0) calls.set(key, call);
  }
  return [...calls.values()].map(({ name, events: own }) => new TouchedCall(name, own, maxEvents));
}
