/**
 * What fell due for readers with the same filter in one turn of the event loop: framed once for all of them, and one write
 * to each. A reader that has seen part of it already (from the log) takes the rest.
 */
import { callKey, type LoggedEvent } from '../log/event.js';
import { Chunk, type Numbering } from './frame.js';

/** Longest text of one delivery, in UTF-16 units; one event more goes in. Bounds what is written to a reader unasked. */
const MAX_LENGTH = 32 * 1024;

export class Delivery {
  /** The lowest and highest number in it; without durable events it is new to everybody: Infinity and null. */
  readonly first: number;
  readonly last: number | null;
  /** Of the events' data, in UTF-16 units. */
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
   * The part that is new to a reader who has seen everything up to this number; undefined: nothing. `seen`: what it has been sent
   * from the log, when that may be more than what was delivered live before this.
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

/** In order, in as many deliveries as their size asks for. */
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

  /** What it takes in memory, about. */
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
 * How far a reader has been sent its calls from the log. An ephemeral event that came in before something of its call that the
 * reader already has would overtake it. Exact for the last piece of the log that was sent; everything older counts as overtaken.
 */
export class SeenCalls {
  /** `before`: the last position of what was sent before this piece; 0: nothing. */
  constructor(
    private readonly before: number,
    private readonly piece: CallPositions,
  ) {}

  hasOvertaken(event: Placed): boolean {
    return event.position < this.before || event.position < this.piece.of(event);
  }
}

/** How many may wait, and UTF-16 units of their data (security rule 16). */
const MAX_QUEUED = 1000;
const MAX_QUEUED_LENGTH = 64 * 1024;

/** Live events that come in while a reader is served from the log. */
export class StreamQueue {
  readonly deliveries: Delivery[] = [];
  private events = 0;
  private length = 0;

  /** False when there is no room; for one there always is. */
  push(delivery: Delivery): boolean {
    const isFull =
      this.events + delivery.events.length > MAX_QUEUED || this.length + delivery.length > MAX_QUEUED_LENGTH;
    if (isFull && this.deliveries.length > 0) return false;
    this.events += delivery.events.length;
    this.length += delivery.length;
    return this.deliveries.push(delivery) > 0;
  }
}
