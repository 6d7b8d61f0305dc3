/** What a message of a broker holds, pure: one event or an array, as /v1/ingest takes them. */
import type { DecodedEvent } from '../../events/log/event.js';
import { Problem } from '../../common/problem.js';
import { itemsIn } from '../ingest-body.js';

export interface MessageBody {
  readonly events: readonly DecodedEvent[];
  /** Elements that cannot be read; they never keep the others back. */
  readonly faults: number;
}

/**
 * An event without an identity of its own gets the message's: what the broker delivers again is recognised. Without either,
 * as on a wire that delivers once, nothing is. `formerIdentity`: the message's as earlier versions had it.
 */
export function readMessage(
  text: string,
  identity?: readonly unknown[],
  formerIdentity?: readonly unknown[],
): MessageBody {
  try {
    const items = [...itemsIn(text, false)];
    const events = items.flatMap((item, index) =>
      'event' in item ? [item.event, ...(item.more ?? [])].map((event) => ({ event, index })) : [],
    );
    return {
      events: events.map(({ event, index }) =>
        event.identity === undefined
          ? { ...event, identity: identity?.concat(index), formerIdentity: formerIdentity?.concat(index) }
          : event,
      ),
      faults: items.filter((item) => 'problem' in item).length,
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { events: [], faults: 1 };
  }
}
