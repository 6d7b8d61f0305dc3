/**
 * How much of a process recordings may take: so many requests a second, so many at a time and so many bytes a second
 * for each tenant, and so many at a time in all. A request counts until its connection has taken the answer or is gone.
 */
import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { TenantId } from '../common/ids.js';
import { Counts } from '../common/counts.js';
import { Problem } from '../common/problem.js';
import { TokenBuckets } from '../common/token-bucket.js';
import { untilClosed } from '../http/until-closed.js';
import { recordingsOpen } from './desk-metrics.js';

/** A player asks for a piece when it starts, and at each jump. */
const REQUESTS_PER_SECOND = 4;
export const MAX_OPEN_PER_TENANT = 8;
const MAX_OPEN_OF_PLATFORM = 16;
const MAX_OPEN = 64;
/** Many times what a player needs. */
export const BYTES_PER_SECOND = 4 * 1024 * 1024;
const RETRY_MS = 2000;

@Injectable()
export class RecordingRoom {
  private readonly requests = new TokenBuckets();
  private readonly bytes = new TokenBuckets();
  private readonly open = new Counts();
  private all = 0;

  /** Throws `rate-limited`, or `unavailable` if there are too many in all. `payer` null: the platform. */
  enter(payer: TenantId | null, response: ServerResponse): void {
    const key = payer ?? '';
    const retryMs = payer === null ? 0 : this.requests.charge(key, 1, REQUESTS_PER_SECOND);
    if (retryMs > 0)
      throw new Problem('rate-limited', `This tenant may ask ${REQUESTS_PER_SECOND} times a second.`, {}, retryMs);
    const own = payer === null ? MAX_OPEN_OF_PLATFORM : MAX_OPEN_PER_TENANT;
    if (this.open.of(key) >= own)
      throw new Problem('rate-limited', `At most ${own} recordings are sent at a time.`, {}, RETRY_MS);
    if (this.all >= MAX_OPEN)
      throw new Problem('unavailable', 'Too many recordings are being sent; try again in a moment.', {}, RETRY_MS);
    this.add(key, 1);
    untilClosed(response, () => this.add(key, -1));
  }

  /** After how many milliseconds the next piece may be sent. */
  charge(payer: TenantId | null, bytes: number): number {
    return payer === null ? 0 : this.bytes.owe(payer, bytes, BYTES_PER_SECOND);
  }

  private add(key: string, change: number): void {
    this.open.add(key, change);
    this.all += change;
    recordingsOpen.inc(change);
  }
}
