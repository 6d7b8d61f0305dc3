/** The log of one call, page by page. */
import type { CallEvent } from '../../../calls/fold/call-event.js';
import type { Client } from '../api/client.js';

interface LogPage {
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly at: string;
    readonly data: CallEvent['data'];
  }[];
  readonly next: string;
  readonly live: boolean;
}

const PAGE = 500;

/** Events after a number, in order, to the end of the log. */
export async function* logOf(
  client: Client,
  callId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<CallEvent> {
  for (let cursor = String(after); ;) {
    const page = await client.get<LogPage>('/v1/log', { call: callId, after: cursor, limit: PAGE }, signal);
    for (const { id, type, at, data } of page.events) yield { seq: Number(id), type, at, data };
    if (page.live) return;
    cursor = page.next;
  }
}
