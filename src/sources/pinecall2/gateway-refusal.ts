/**
 * A gateway's refusal, in words that the operator can act on. They are shown in /readyz, so they hold no name and no
 * id.
 */

import { moment } from '../../common/moment.js';

export class GatewayRefusal extends Error {
  constructor(
    what: string,
    readonly status: number,
    world: string | undefined,
  ) {
    super(`${what} was refused with status ${status}${hintFor(status, world)}`);
  }

  /** No further attempt can help: the key is wrong. */
  get isForKey(): boolean {
    return this.status === 401;
  }

  /** A refusal of one call: it is not for us, or does not exist. */
  get isForCall(): boolean {
    return this.status === 403 || this.status === 404;
  }
}

function hintFor(status: number, world: string | undefined): string {
  switch (status) {
    case 401:
      return ': is the key right, and neither revoked nor expired? (PINECALL2_API_KEY, else PINECALL_API_KEY)';
    case 403:
      return world === undefined
        ? ": this needs an operator's key (PINECALL_OPS_KEY)"
        : `: the key needs the scope "calls" and the world ${world}; another world is named by ?env=sandbox or ?env=production`;
    case 404:
      return ': is this the address of a Pinecall gateway of the second generation?';
    case 429:
      return ': the gateway wants to be asked less often; it is asked again when it said';
    default:
      return status >= 500 ? ': the gateway is not well' : '';
  }
}

/** Of a `Retry-After`, in milliseconds: seconds or a date; undefined where there is neither. */
export function retryAfterOf(header: string | undefined, now = moment()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,6}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
