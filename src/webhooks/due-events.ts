/** Which of the events that wait are due: every statement that looks for them. */
import { Injectable } from '@nestjs/common';
import { ReaderPool } from '../database/pools.js';
import type { WaitingRow } from './webhook-store.js';

/**
 * The first few events of each endpoint, and of each tenant, those under way included. So neither can fill the list or
 * the memory. When the first event of a call has gone, the next one that it held back becomes due.
 */
const DUE = `SELECT * FROM (
    SELECT w.webhook_id AS "webhookId", w.tenant_id AS "tenantId", w.shard, w.seq, w.call_id AS "callId", w.previous, w.tries,
      w.next_at AS "nextAt", row_number() OVER (PARTITION BY w.webhook_id ORDER BY w.next_at, w.seq) AS place,
      row_number() OVER (PARTITION BY w.tenant_id ORDER BY w.next_at, w.webhook_id, w.seq) AS "ofTenant"
    FROM webhook_waiting w JOIN webhooks e ON e.id = w.webhook_id AND e.status = 'active'
      JOIN tenants t ON t.id = w.tenant_id AND t.status = 'active'
    WHERE w.shard = ANY ($1::int[]) AND w.next_at <= $2) d
  WHERE place <= 16 AND "ofTenant" <= 256
    AND ("webhookId", seq) NOT IN (SELECT * FROM unnest($3::text[], $4::bigint[])) ORDER BY "nextAt" LIMIT 500`;
const RELEASE_ALL = `UPDATE webhook_waiting w SET next_at = $2 WHERE w.shard = ANY ($1::int[]) AND w.next_at IS NULL
  AND NOT EXISTS (SELECT FROM webhook_waiting o WHERE o.webhook_id = w.webhook_id AND o.call_id = w.call_id AND o.seq < w.seq)`;
/** Rows that a sender has locked are left to the next time. */
const PARK = `UPDATE webhook_waiting w SET next_at = 'infinity'
  FROM (SELECT x.webhook_id, x.seq FROM webhook_waiting x
      JOIN webhooks e ON e.id = x.webhook_id JOIN tenants t ON t.id = x.tenant_id
    WHERE x.shard = ANY ($1::int[]) AND x.next_at <= $2 AND (e.status <> 'active' OR t.status <> 'active')
    LIMIT 5000 FOR UPDATE OF x SKIP LOCKED) d
  WHERE w.webhook_id = d.webhook_id AND w.seq = d.seq`;
/** Goes from endpoint to endpoint in the index of parked events, so that their number does not matter. */
const UNPARK = `WITH RECURSIVE parked AS (
    SELECT (SELECT min(webhook_id) FROM webhook_waiting WHERE next_at = 'infinity') AS id
    UNION ALL
    SELECT (SELECT min(w.webhook_id) FROM webhook_waiting w WHERE w.next_at = 'infinity' AND w.webhook_id > p.id)
    FROM parked p WHERE p.id IS NOT NULL)
  UPDATE webhook_waiting w SET next_at = $2
  FROM parked p JOIN webhooks e ON e.id = p.id AND e.status = 'active' JOIN tenants t ON t.id = e.tenant_id AND t.status = 'active'
  WHERE w.webhook_id = p.id AND w.next_at = 'infinity' AND w.shard = ANY ($1::int[])`;

@Injectable()
export class DueEvents {
  constructor(private readonly pool: ReaderPool) {}

  /** Events that are due and not under way, of the shards for which this process reads. */
  async find(
    shards: readonly number[],
    now: Date,
    underWay: readonly { readonly webhookId: string; readonly seq: number }[],
  ): Promise<WaitingRow[]> {
    const values = [shards, now, underWay.map(({ webhookId }) => webhookId), underWay.map(({ seq }) => seq)];
    return (await this.pool.query<WaitingRow>(DUE, values)).rows;
  }

  /**
   * Events whose call no longer holds them back become due. Those that are due for an endpoint to which nothing is sent
   * are parked: no look finds them until the endpoint and its tenant are active.
   */
  async tidy(shards: readonly number[], now: Date): Promise<void> {
    for (const statement of [RELEASE_ALL, PARK, UNPARK]) await this.pool.query(statement, [shards, now]);
  }
}
