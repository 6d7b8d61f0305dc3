/**
 * Bytes of answers that their clients have not taken yet: bounded for each tenant (for strangers: each address) and in all. It
 * is asked before an answer is made, and charged when it is handed over; beyond, the client is told to come back, and nothing
 * of the answer is kept.
 */
import type { Request } from 'express';
import type { ServerResponse } from 'node:http';
import { ByteBudget, type Owner } from '../common/byte-budget.js';
import { clientAddress } from '../common/client-address.js';
import { Problem } from '../common/problem.js';
import { untilClosed } from './until-closed.js';

const MEBIBYTE = 1024 * 1024;
/** A page is 4 MiB at most: a few of them, for clients that read beside each other. */
const MAX_BYTES_PER_TENANT = 16 * MEBIBYTE;
const MAX_BYTES_OF_PLATFORM = 32 * MEBIBYTE;
const MAX_BYTES_PER_ADDRESS = 4 * MEBIBYTE;
const MAX_BYTES = 64 * MEBIBYTE;
/** What is smaller fits into any connection's buffer in the kernel, and is not counted. */
const SMALL_BYTES = 16 * 1024;
const RETRY_MS = 1000;

const owners = new WeakMap<ServerResponse, Owner>();

export class Answers {
  private readonly budget = new ByteBudget(MAX_BYTES);

  /** From here on the answer is the tenant's (null: the platform's). Throws `rate-limited`, `unavailable` where too much waits. */
  begin(response: ServerResponse, tenantId: string | null): void {
    const maxBytes = tenantId === null ? MAX_BYTES_OF_PLATFORM : MAX_BYTES_PER_TENANT;
    const owner = { key: tenantId === null ? 'platform' : `tenant ${tenantId}`, maxBytes };
    owners.set(response, owner);
    this.assertRoom(owner, SMALL_BYTES);
  }

  /** The whole answer is handed over. Throws before anything of it was written. */
  hand(response: ServerResponse, bytes: number): void {
    if (bytes <= SMALL_BYTES) return;
    const owner = owners.get(response) ?? strangerOf(response);
    try {
      this.assertRoom(owner, bytes);
    } catch (problem) {
      // They are the answer's that is not sent.
      for (const header of ['Content-Length', 'ETag']) response.removeHeader(header);
      throw problem;
    }
    untilClosed(response, this.budget.take(owner, bytes));
  }

  get heldBytes(): number {
    return this.budget.heldBytes;
  }

  private assertRoom(owner: Owner, bytes: number): void {
    const obstacle = this.budget.obstacle(owner, bytes);
    if (obstacle === 'owner')
      throw new Problem('rate-limited', 'Answers that you asked for wait to be read; read them first.', {}, RETRY_MS);
    if (obstacle === 'all')
      throw new Problem('unavailable', 'Too many answers wait to be read; try again in a moment.', {}, RETRY_MS);
  }
}

function strangerOf({ req }: ServerResponse): Owner {
  return { key: `address ${clientAddress(req as Request)}`, maxBytes: MAX_BYTES_PER_ADDRESS };
}
