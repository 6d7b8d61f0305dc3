/** The contents of a broker's message: one event or an array, as /v1/ingest accepts them. Pure. */
import type { DecodedEvent } from '../../events/log/event.js';
import { Problem } from '../../common/problem.js';
import { itemsIn } from '../ingest-body.js';

export interface MessageBody {
  readonly events: readonly DecodedEvent[];
  /** Elements that cannot be read; they never hold up the others. */
  readonly faults: number;
}

/**
 * An event without an identity gets the message's, so a message that the broker delivers again is recognised. Without
 * either, as on a wire that delivers once, a repeat is not recognised. `formerIdentity`: the message's identity in
 * earlier versions.
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
