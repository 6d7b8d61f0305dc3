/** A call that a batch of events is about: what is known of it, what the batch makes of it, what is to be written. Pure. */
import type { CallName, LoggedEvent } from '../events/event.js';
import type { CallEvent } from './call-event.js';
import { type Part, partChanges } from './call-part.js';
import { callColumns, callEventOf, keyColumn, partColumns, tenantColumn } from './call-row.js';
import { type CallHead, type CallState, applyEvent } from './call-state.js';
import { type Keyed, entriesOf, valueAt } from './keyed.js';
import { entriesByKey } from './transcript.js';

/** What must be read of a call before a batch can be applied: itself, and the parts that its events speak of. */
export class TouchedCall {
  private head: CallHead | undefined;
  private parts: Keyed<Part> = [];

  constructor(
    readonly name: CallName,
    private readonly events: readonly CallEvent[],
  ) {}

  /** Columns `key` of the parts that the events change. */
  get keys(): string[] {
    return [...new Set(this.events.flatMap((event) => partChanges(event).map(({ key }) => keyColumn(key))))];
  }

  /** What its messages say depends on corrections, those that are known and those that come: then all parts are needed. */
  get needsAllParts(): boolean {
    return (this.head?.corrected ?? false) || this.events.some(({ type }) => type === 'bot.corrected');
  }

  know(head: CallHead): void {
    this.head = head;
  }

  knowParts(parts: Keyed<Part>): void {
    this.parts = parts;
  }

  /** The rows that the batch changes. */
  rows(): { call: unknown[]; parts: unknown[][] } {
    const before = this.head && { ...this.head, parts: this.parts };
    let after: CallState | undefined = before;
    for (const event of this.events) after = applyEvent(after, this.name.callId, event);
    if (after === undefined) throw new Error('a call without events was touched');
    const texts = entriesByKey(after);
    const old = after.corrected && before ? entriesByKey(before) : undefined;
    const textOf = (key: string) => texts.get(key)?.text ?? '';
    const parts = entriesOf(after.parts)
      .filter(([key, part]) => valueAt(this.parts, key) !== part || (old && (old.get(key)?.text ?? '') !== textOf(key)))
      .map(([key, part]) => partColumns(this.name, key, part, textOf(key)));
    return { call: callColumns(this.name, after), parts };
  }
}

/** The calls that these events are about; events of no call are passed over. */
export function touchedCalls(events: readonly LoggedEvent[]): TouchedCall[] {
  const calls = new Map<string, { name: CallName; events: CallEvent[] }>();
  for (const event of events) {
    const { tenantId, callId } = event;
    if (callId === null) continue;
    const key = `${tenantColumn(tenantId)} ${callId}`;
    const call = calls.get(key) ?? { name: { tenantId, callId }, events: [] };
    call.events.push(callEventOf(event));
    calls.set(key, call);
  }
  return [...calls.values()].map(({ name, events: own }) => new TouchedCall(name, own));
}
