/**
 * Bounds the answers that are being made or wait to be read. Each tenant may have so many at a time, so many bytes a
 * second of large ones, and so many bytes that its clients have not read yet. The same holds for strangers by address,
 * and for all together. The check comes before an answer is made, and the charge when it is handed over. Beyond the
 * bound the client is told to come back, and nothing of the answer is kept. Event streams are not counted here: they
 * have bounds of their own.
 */
import type { Request } from 'express';
import type { ServerResponse } from 'node:http';
import { ByteBudget, type Owner } from '../common/byte-budget.js';
import { clientAddress } from '../common/client-address.js';
import { Problem } from '../common/problem.js';
import { TokenBuckets } from '../common/token-bucket.js';
import { untilClosed } from './until-closed.js';

const MEBIBYTE = 1024 * 1024;
/** A page is 4 MiB at most: room for a few of them, for clients that read at the same time. */
const MAX_BYTES_PER_TENANT = 16 * MEBIBYTE;
const MAX_BYTES_OF_PLATFORM = 32 * MEBIBYTE;
const MAX_BYTES_PER_ADDRESS = 4 * MEBIBYTE;
const MAX_BYTES = 64 * MEBIBYTE;
/** A smaller answer fits into any connection's buffer in the kernel, and is not counted. */
const SMALL_BYTES = 16 * 1024;
/** Requests of a tenant that are served at a time; the operator's have no bound. */
export const MAX_UNDER_WAY = 100;
/** Bytes a second of large answers for a tenant, five seconds' worth at once: two pages, some 150 ms of a core. */
export const BYTES_PER_SECOND = 8 * MEBIBYTE;
const RETRY_MS = 1000;

export const GONE = new Problem('unavailable', 'The client is gone.');

/** A request that is being served, and its owner. */
interface UnderWay {
  readonly owner: Owner;
  readonly tenantId: string | null;
  /** True for a request that reads: it makes large answers, and can be repeated. */
  readonly reads: boolean;
  /** Aborts when nobody wants the answer any more. */
  readonly wanted: AbortController;
}

const served = new WeakMap<ServerResponse, UnderWay>();

export class Answers {
  private readonly budget = new ByteBudget(MAX_BYTES);
  private readonly made = new TokenBuckets();
  private readonly underWay = new Map<string, Set<UnderWay>>();

  /**
   * From here on the answer belongs to the tenant (null: the platform). Throws `rate-limited`, or `unavailable` if
   * there are too many.
   */
  begin(response: ServerResponse, tenantId: string | null): void {
    const maxBytes = tenantId === null ? MAX_BYTES_OF_PLATFORM : MAX_BYTES_PER_TENANT;
    const owner = { key: tenantId === null ? 'platform' : `tenant ${tenantId}`, maxBytes };
    const reads = response.req.method === 'GET' || response.req.method === 'HEAD';
    this.assertRoom(owner, SMALL_BYTES);
    if (tenantId !== null && reads) {
      const retryMs = this.made.charge(tenantId, 0, BYTES_PER_SECOND);
      if (retryMs > 0) throw tooFast(retryMs);
    }
    this.add(response, { owner, tenantId, reads, wanted: new AbortController() });
  }

  /** The whole answer is handed over. Throws before any of it was written. */
  hand(response: ServerResponse, bytes: number): void {
    if (bytes <= SMALL_BYTES) return;
    const one = served.get(response);
    const owner = one?.owner ?? strangerOf(response);
    try {
      this.assertRoom(owner, bytes);
    } catch (problem) {
      // These headers belong to the answer that is not sent.
      for (const header of ['Content-Length', 'ETag']) response.removeHeader(header);
      throw problem;
    }
    untilClosed(response, this.budget.take(owner, bytes));
    if (one) this.charge(one, bytes);
  }

  get heldBytes(): number {
    return this.budget.heldBytes;
  }

  private add(response: ServerResponse, one: UnderWay): void {
    const { key } = one.owner;
    const others = this.underWay.get(key) ?? new Set<UnderWay>();
    if (one.tenantId !== null && others.size >= MAX_UNDER_WAY) {
      const detail = `This tenant may have ${MAX_UNDER_WAY} requests under way at a time.`;
      throw new Problem('rate-limited', detail, {}, RETRY_MS);
    }
    served.set(response, one);
    this.underWay.set(key, others.add(one));
    untilClosed(response, () => {
      others.delete(one);
      if (others.size === 0) this.underWay.delete(key);
      one.wanted.abort(GONE);
    });
  }

  /**
   * The bytes are charged. While there is a debt, the tenant's reads leave their lines and no further answer is made.
   */
  private charge(one: UnderWay, bytes: number): void {
    if (one.tenantId === null) return;
    const retryMs = this.made.owe(one.tenantId, bytes, BYTES_PER_SECOND);
    if (retryMs === 0) return;
    for (const other of this.underWay.get(one.owner.key) ?? [])
      if (other !== one && other.reads) other.wanted.abort(tooFast(retryMs));
  }

  private assertRoom(owner: Owner, bytes: number): void {
    const obstacle = this.budget.obstacle(owner, bytes);
    if (obstacle === 'owner')
      throw new Problem('rate-limited', 'Answers that you asked for wait to be read; read them first.', {}, RETRY_MS);
    if (obstacle === 'all')
      throw new Problem('unavailable', 'Too many answers wait to be read; try again in a moment.', {}, RETRY_MS);
  }
}

/**
 * Aborts when nobody wants the answer any more: its client has gone, or may not receive it yet. The reason is a {@link
 * Problem}.
 */
export function signalOf(response: ServerResponse): AbortSignal {
  const one = served.get(response);
  if (one === undefined) throw new Error('the request is nobody’s yet');
  return one.wanted.signal;
}

function tooFast(retryMs: number): Problem {
  const detail = `This tenant may be given ${BYTES_PER_SECOND} bytes of large answers a second.`;
  return new Problem('rate-limited', detail, {}, retryMs);
}

function strangerOf({ req }: ServerResponse): Owner {
  return { key: `address ${clientAddress(req as Request)}`, maxBytes: MAX_BYTES_PER_ADDRESS };
}
