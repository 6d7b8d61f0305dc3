/** Which API tokens read now: the open streams, by the token of the list on which each of them depends. */
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { tokenStreamsAnswer } from '../../auth/tokens/token-answers.js';
import type { Patience } from '../../common/fair-slots.js';
import type { TenantId } from '../../common/ids.js';
import type { AnswerOf } from '../../common/operation.js';
import { ReadPool } from '../../database/pools.js';
import { ConnectionDirectory } from './connection-directory.js';

type TokenStreamsAnswer = AnswerOf<typeof tokenStreamsAnswer>;

/** All processes are asked for an answer, so one answer serves everybody who asks within this time. */
const FRESH_MS = 1000;
const MAX_KEPT = 1000;

/**
 * For each token that has a stream: the nearest token of the owner's list from which it comes. A session has one: that
 * of its tab, if a person signed in by a link, and otherwise the token that the session was made from.
 */
const LISTED = `
  WITH RECURSIVE line AS (
    SELECT id AS of, 0 AS depth, id, parent_id, kind FROM tokens WHERE id = ANY($1)
    UNION ALL
    SELECT line.of, line.depth + 1, up.id, up.parent_id, up.kind FROM line JOIN tokens up ON up.id = line.parent_id
  )
  SELECT DISTINCT ON (line.of) line.of, listed.id
  FROM line, LATERAL (
    SELECT id FROM tokens WHERE tokens.id = line.id
      AND tokens.kind = 'api' AND viewed_by IS NULL AND tenant_id IS NOT DISTINCT FROM $2
    UNION ALL
    SELECT id FROM tokens WHERE line.kind = 'session' AND tokens.parent_id = line.id
      AND tokens.kind = 'api' AND viewed_by IS NULL AND tenant_id IS NOT DISTINCT FROM $2
  ) listed
  ORDER BY line.of, line.depth`;

@Injectable()
export class TokenStreams {
  private readonly recent = new LRUCache<string, Promise<TokenStreamsAnswer>>({ max: MAX_KEPT, ttl: FRESH_MS });

  constructor(
    private readonly directory: ConnectionDirectory,
    private readonly pool: ReadPool,
  ) {}

  /** Of a tenant, or of the platform (null). Most streams first. */
  list(tenantId: TenantId | null, patience: Patience): Promise<TokenStreamsAnswer> {
    const key = tenantId ?? '';
    const known = this.recent.get(key);
    if (known !== undefined) return known;
    const asked = this.count(tenantId, patience);
    this.recent.set(key, asked);
    asked.catch(() => this.recent.delete(key));
    return asked;
  }

  private async count(tenantId: TenantId | null, patience: Patience): Promise<TokenStreamsAnswer> {
    const open = await this.directory.countByToken(tenantId);
    if (open.size === 0) return { tokens: [], next: null };
    const ask = () => this.pool.prepared<{ of: string; id: string }>('listed', LISTED, [[...open.keys()], tenantId]);
    const { rows } = await this.pool.ask(tenantId, ask, patience);
    const streams = new Map<string, number>();
    for (const { of, id } of rows) streams.set(id, (streams.get(id) ?? 0) + (open.get(of) ?? 0));
    const tokens = [...streams].map(([id, count]) => ({ id, streams: count }));
    return { tokens: tokens.sort((one, other) => other.streams - one.streams), next: null };
  }
}
