/**
 * Bodies of requests. A body is read after the caller is known, and only in the types that its route takes. So many
 * bytes are read at a time for each owner and for all. The declared length is charged before the first byte is read,
 * and a client that asks first (`Expect: 100-continue`, RFC 9110, 10.1.1) sends nothing of a body that is refused. A
 * client that does not ask may be sending already: its bytes are thrown away at a pace (discards.ts).
 */
import { SetMetadata } from '@nestjs/common';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { ByteBudget, type Owner } from '../common/byte-budget.js';
import { clientAddress } from '../common/client-address.js';
import type { Limits } from '../common/limits.js';
import { Problem } from '../common/problem.js';
import { TokenBuckets } from '../common/token-bucket.js';
import { untilClosed } from './until-closed.js';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const MAX_BYTES = 64 * MEBIBYTE;
const MAX_BYTES_PER_TENANT = 16 * MEBIBYTE;
const MAX_BYTES_OF_PLATFORM = 32 * MEBIBYTE;
const MAX_BYTES_PER_ADDRESS = 64 * KIBIBYTE;
const RETRY_MS = 1000;

/** What a route takes: its types, the parser for a given size, and the largest size by sender. */
export interface BodyRule {
  readonly types: readonly string[];
  readonly parser: (maxBytes: number) => RequestHandler;
  readonly maxBytes: number;
  readonly maxTenantBytes: number;
  /** Bytes that a tenant may send a second; absent: its requests are counted, not their bytes. */
  readonly bytesPerSecond?: (limits: Limits) => number;
}

/** The owner of the body; `tenantId` null: the platform. */
export interface Sender {
  readonly tenantId: string | null;
  readonly limits: Limits;
}

const isAny = () => true;

/** The rule of every `@Body()`, unless the route has another. */
export const JSON_BODY: BodyRule = {
  types: ['application/json'],
  parser: (limit) => express.json({ type: isAny, limit }),
  maxBytes: 256 * KIBIBYTE,
  maxTenantBytes: 256 * KIBIBYTE,
};

export const BODY_RULE = Symbol('body rule');

/** The route reads its body as text (`request.body`). */
export const TextBody = (rule: Omit<BodyRule, 'parser'>) =>
  SetMetadata(BODY_RULE, {
    ...rule,
    parser: (limit) => express.text({ type: isAny, limit }),
  } satisfies BodyRule);

/** The largest body of an unknown caller: the code of a sign-in link. */
const MAX_STRANGER_BYTES = 4 * KIBIBYTE;

export class Bodies {
  private readonly budget = new ByteBudget(MAX_BYTES);
  private readonly rates = new TokenBuckets();
  private readonly parsers = new Map<string, RequestHandler>();

  /**
   * Reads the body of a request that has one. `sender`: undefined for an unknown caller. Throws
   * `unsupported-media-type`, `payload-too-large`, `validation`; `rate-limited` and `unavailable` while too many are
   * being read.
   */
  async read(request: Request, response: Response, rule: BodyRule, sender: Sender | undefined): Promise<void> {
    const tenantId = sender?.tenantId;
    if (request.is([...rule.types]) === false)
      throw new Problem('unsupported-media-type', `Send the body as ${rule.types.join(' or ')}.`);
    const maxBytes = maxBytesOf(rule, tenantId);
    const declared = Number(request.headers['content-length']);
    if (declared > maxBytes) throw new Problem('payload-too-large', 'The body is larger than this path takes.');
    const isPlain = request.headers['content-encoding'] === undefined && !Number.isNaN(declared);
    const owner = ownerOf(tenantId, request);
    const bytes = isPlain ? declared : maxBytes;
    this.assertRoom(owner, bytes);
    const rate = rateOf(rule, sender);
    if (isPlain) this.charge(rate, bytes);
    untilClosed(response, this.budget.take(owner, bytes));
    if (isAsked(request)) response.writeContinue();
    await this.parse(request, response, rule, maxBytes).catch((error: unknown) => {
      // A body that was not taken in costs nothing.
      if (isPlain && rate) this.rates.owe(rate.key, -bytes, rate.perSecond);
      throw error;
    });
    if (!isPlain && typeof request.body === 'string') this.charge(rate, Buffer.byteLength(request.body));
  }

  private parse(request: Request, response: Response, rule: BodyRule, maxBytes: number): Promise<void> {
    const key = `${rule.types.join()} ${maxBytes}`;
    const parser = this.parsers.get(key) ?? rule.parser(maxBytes);
    this.parsers.set(key, parser);
    return new Promise((resolve, reject) => {
      parser(request, response, (error?: Error | 'router' | 'route') => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
  }

  private charge(rate: Rate | undefined, bytes: number): void {
    const retryMs = rate === undefined ? 0 : this.rates.charge(rate.key, bytes, rate.perSecond);
    const detail = `This tenant may send ${rate?.perSecond} bytes a second; none of these was taken.`;
    if (retryMs > 0) throw new Problem('rate-limited', detail, {}, retryMs);
  }

  private assertRoom(owner: Owner, bytes: number): void {
    const obstacle = this.budget.obstacle(owner, bytes);
    if (obstacle === 'owner')
      throw new Problem('rate-limited', 'Too many bytes of yours are on their way in.', {}, RETRY_MS);
    if (obstacle === 'all')
      throw new Problem('unavailable', 'Too many bytes are on their way in; try again in a moment.', {}, RETRY_MS);
  }
}

export function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The client waits for permission to continue. */
function isAsked({ headers }: Request): boolean {
  return headers.expect?.toLowerCase() === '100-continue';
}

interface Rate {
  readonly key: string;
  readonly perSecond: number;
}

/** What the platform sends has no bound. */
function rateOf({ bytesPerSecond }: BodyRule, sender: Sender | undefined): Rate | undefined {
  if (bytesPerSecond === undefined || sender === undefined || sender.tenantId === null) return undefined;
  return { key: sender.tenantId, perSecond: bytesPerSecond(sender.limits) };
}

function maxBytesOf({ maxBytes, maxTenantBytes }: BodyRule, tenantId: string | null | undefined): number {
  if (tenantId === undefined) return MAX_STRANGER_BYTES;
  return tenantId === null ? maxBytes : maxTenantBytes;
}

function ownerOf(tenantId: string | null | undefined, request: Request): Owner {
  if (tenantId === undefined) return { key: `address ${clientAddress(request)}`, maxBytes: MAX_BYTES_PER_ADDRESS };
  if (tenantId === null) return { key: 'platform', maxBytes: MAX_BYTES_OF_PLATFORM };
  return { key: `tenant ${tenantId}`, maxBytes: MAX_BYTES_PER_TENANT };
}
