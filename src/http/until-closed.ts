import type { ServerResponse } from 'node:http';

/** Calls back once the answer has been taken or its connection is gone; at once if that has happened already. */
export function untilClosed(response: ServerResponse, giveBack: () => void): void {
  if (response.destroyed || response.closed) giveBack();
  else response.once('close', giveBack);
}
