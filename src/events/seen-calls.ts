/**
 * How far a reader has been sent its calls from the log: an ephemeral event that came in before something of its call that the
 * reader has would overtake it. Exact for the last piece of the log that was sent; of earlier ones it is known only that there were
 * some, and what is older than them is held for overtaken.
 */
import { type LoggedEvent, callKey } from './event.js';

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
