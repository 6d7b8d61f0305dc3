/**
 * The events that one turn of the event loop brought for readers with the same filter. They are framed once for all of
 * these readers and written to each reader in one write. A reader that has already seen some of them (from the log)
 * takes the rest.
 */
import { callKey, type LoggedEvent } from '../log/event.js';
import { Chunk, type Numbering } from './frame.js';

/**
 * The longest text of one delivery, in UTF-16 units; the last event may exceed it. It bounds what is written to a
 * reader unasked.
 */
const MAX_LENGTH = 32 * 1024;

export class Delivery {
  /**
   * The lowest and the highest number in it. Without durable events the delivery is new to everybody: Infinity and
   * null.
   */
  readonly first: number;
  readonly last: number | null;
  /** The length of the events' data, in UTF-16 units. */
  readonly length: number;
  private made: Chunk | undefined;

  constructor(
    private readonly numbering: Numbering,
    readonly events: readonly LoggedEvent[],
  ) {
    let first = Infinity;
    let last: number | null = null;
    let length = 0;
    for (const event of events) {
      const number = numbering.numberOf(event);
      length += event.data.length;
      if (number === null) continue;
      if (first === Infinity) first = number;
      last = number;
    }
    this.first = first;
    this.last = last;
    this.length = length;
  }

  get chunk(): Chunk {
    return (this.made ??= new Chunk(this.events.map(this.numbering.frameOf).join('')));
  }

  /**
   * The part that is new to a reader that has seen everything up to this number; undefined: nothing is new. `seen`:
   * what the reader was sent from the log, if that may be more than what was delivered live before this.
   */
  newTo(number: number, seen?: SeenCalls): Delivery | undefined {
    if (this.first > number && seen === undefined) return this;
    const events = this.events.filter((event) => {
      const own = this.numbering.numberOf(event);
      return own === null ? !seen?.hasOvertaken(event) : own > number;
    });
    if (events.length === this.events.length) return this;
    return events.length === 0 ? undefined : new Delivery(this.numbering, events);
  }
}

/** The events in order, in as many deliveries as their size needs. */
export function deliveriesOf(numbering: Numbering, events: readonly LoggedEvent[]): Delivery[] {
  const deliveries: Delivery[] = [];
  let start = 0;
  let length = 0;
  for (const [index, event] of events.entries()) {
    length += event.data.length;
    if (length < MAX_LENGTH && index < events.length - 1) continue;
    deliveries.push(new Delivery(numbering, events.slice(start, index + 1)));
    start = index + 1;
    length = 0;
  }
  return deliveries;
}

type Placed = Pick<LoggedEvent, 'tenantId' | 'callId' | 'position'>;

/** The last position of each call in a piece of the log. */
export class CallPositions {
  private readonly last = new Map<string, number>();

  /** Its approximate size in memory. */
  get bytes(): number {
    return this.last.size * 150;
  }

  add({ tenantId, callId, position }: Placed): void {
    if (callId !== null) this.last.set(callKey(tenantId, callId), position);
  }

  of({ tenantId, callId }: Placed): number {
    return callId === null ? 0 : (this.last.get(callKey(tenantId, callId)) ?? 0);
  }
}

/**
 * How far a reader has been sent each of its calls from the log. If an ephemeral event came in before an event of its
 * call that the reader already has, it would be out of order. The answer is exact for the last piece of the log that
 * was sent; everything older counts as too late.
 */
export class SeenCalls {
  /** `before`: the last position that was sent before this piece; 0: nothing was sent. */
  constructor(
    private readonly before: number,
    private readonly piece: CallPositions,
  ) {}

  hasOvertaken(event: Placed): boolean {
    return event.position < this.before || event.position < this.piece.of(event);
  }
}

/** How many events may wait, and how many UTF-16 units of data they may have (security rule 16). */
const MAX_QUEUED = 1000;
const MAX_QUEUED_LENGTH = 64 * 1024;

/** Live events that come in while a reader is served from the log. */
export class StreamQueue {
  readonly deliveries: Delivery[] = [];
  private events = 0;
  private length = 0;

  /** False when there is no room. There is always room for one delivery. */
  push(delivery: Delivery): boolean {
    const isFull =
      this.events + delivery.events.length > MAX_QUEUED || this.length + delivery.length > MAX_QUEUED_LENGTH;
    if (isFull && this.deliveries.length > 0) return false;
    this.events += delivery.events.length;
    this.length += delivery.length;
    return this.deliveries.push(delivery) > 0;
  }
}
