/**
 * The results of attempts, and the events that wait for another: every statement of the deliveries on the webhooks'
 * tables.
 */
import { Injectable } from '@nestjs/common';
import type { CallId, TenantId } from '../common/ids.js';
import type { Run } from '../database/pg-pool.js';
import { ReaderPool } from '../database/pools.js';
import type { Format } from './delivery-body.js';

/** An endpoint, as deliveries need it. */
export interface EndpointRow {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly url: string;
  readonly filter: { readonly agents?: readonly string[]; readonly types?: readonly string[] };
  readonly each: 'event' | 'call';
  readonly format: Format;
  readonly status: 'active' | 'paused' | 'disabled';
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly previousUntil: Date | null;
  readonly lastSent: number | null;
  readonly failures: number;
  readonly activeSince: Date;
  /** Events that wait, and the calls that they hold back. */
  readonly waiting: number;
  readonly heldCalls: readonly string[] | null;
}

/** An event that waits. */
export interface WaitingRow {
  readonly webhookId: string;
  readonly tenantId: TenantId;
  readonly shard: number;
  readonly seq: number;
  readonly callId: CallId | null;
  readonly previous: number | null;
  readonly tries: number;
  /** Null: another event of its call holds it back. */
  readonly nextAt: Date | null;
}

export interface AttemptRow {
  readonly id: string;
  readonly webhookId: string;
  readonly tenantId: TenantId;
  readonly seq: number;
  readonly type: string;
  readonly callId: CallId | null;
  readonly at: Date;
  readonly ms: number;
  readonly isDelivered: boolean;
  readonly status: number | null;
  readonly reason: string | null;
  readonly response: string | null;
  readonly nextAt: Date | null;
}

/** What is to be written about one endpoint. */
export interface Report {
  readonly webhookId: string;
  readonly attempts: readonly AttemptRow[];
  /** New waiting events. Those that are there already stay as they are. */
  readonly held: readonly WaitingRow[];
  /** Events that wait already and get other times. */
  readonly again: readonly Pick<WaitingRow, 'webhookId' | 'seq' | 'tries' | 'nextAt'>[];
  /** Events that no longer wait. */
  readonly done: readonly { readonly webhookId: string; readonly seq: number; readonly callId: string | null }[];
  /** Undefined: nothing was sent in the order of the log. */
  readonly lastSent: number | undefined;
  readonly failures: number;
  /** Why the endpoint is to be disabled, if it is. */
  readonly doom: string | undefined;
  /** The endpoint was down, and has answered. */
  readonly hasRecovered: boolean;
}

const ENDPOINTS = `SELECT w.id, w.tenant_id AS "tenantId", w.url, w.filter, w.each, w.format, w.status, w.secret,
    w.previous_secret AS "previousSecret", w.previous_until AS "previousUntil", w.last_sent AS "lastSent", w.failures,
    w.active_since AS "activeSince",
    (SELECT count(*) FROM webhook_waiting x WHERE x.webhook_id = w.id) AS waiting,
    (SELECT array_agg(DISTINCT x.call_id) FROM webhook_waiting x WHERE x.webhook_id = w.id AND x.call_id IS NOT NULL) AS "heldCalls"
  FROM webhooks w WHERE w.id = ANY ($1::text[])`;
/** Locks in one order, so that two writers of several endpoints never wait for each other. */
const LOCK = `SELECT id FROM webhooks WHERE id = ANY ($1::text[]) ORDER BY id FOR NO KEY UPDATE`;
const HOLD = `INSERT INTO webhook_waiting (webhook_id, tenant_id, shard, seq, call_id, previous, tries, next_at)
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS r("webhookId" text, "tenantId" text, shard smallint, seq bigint, "callId" text,
    previous bigint, tries int, "nextAt" timestamptz) ON CONFLICT DO NOTHING`;
const AGAIN = `UPDATE webhook_waiting w SET tries = r.tries, next_at = r."nextAt"
  FROM jsonb_to_recordset($1::jsonb) AS r("webhookId" text, seq bigint, tries int, "nextAt" timestamptz)
  WHERE w.webhook_id = r."webhookId" AND w.seq = r.seq`;
const DONE = `DELETE FROM webhook_waiting w USING jsonb_to_recordset($1::jsonb) AS r("webhookId" text, seq bigint)
  WHERE w.webhook_id = r."webhookId" AND w.seq = r.seq`;
/** Releases the next event of a call whose first one has gone. Returns the calls that still wait. */
const RELEASE = `UPDATE webhook_waiting w SET next_at = coalesce(w.next_at, now())
  FROM (SELECT DISTINCT "webhookId", "callId" FROM jsonb_to_recordset($1::jsonb) AS r("webhookId" text, "callId" text)) c
  WHERE w.webhook_id = c."webhookId" AND w.call_id = c."callId" AND w.seq = (
    SELECT min(o.seq) FROM webhook_waiting o WHERE o.webhook_id = c."webhookId" AND o.call_id = c."callId")
  RETURNING w.webhook_id AS "webhookId", w.call_id AS "callId"`;
const ATTEMPTS = `INSERT INTO webhook_attempts (id, webhook_id, tenant_id, seq, type, call_id, at, ms, is_delivered, status, reason, response, next_at)
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(id text, "webhookId" text, "tenantId" text, seq bigint, type text, "callId" text,
    at timestamptz, ms int, "isDelivered" boolean, status int, reason text, response text, "nextAt" timestamptz)`;
const STATE = `UPDATE webhooks w SET last_sent = coalesce(r."lastSent", w.last_sent), failures = r.failures,
    last_success_at = coalesce(r."successAt", w.last_success_at), last_failure_at = coalesce(r."failureAt", w.last_failure_at),
    last_failure_status = CASE WHEN r."failureAt" IS NULL THEN w.last_failure_status ELSE r.status END,
    last_failure_reason = CASE WHEN r."failureAt" IS NULL THEN w.last_failure_reason ELSE r.reason END
  FROM jsonb_to_recordset($1::jsonb) AS r("webhookId" text, "lastSent" bigint, failures int, "successAt" timestamptz,
    "failureAt" timestamptz, status int, reason text) WHERE w.id = r."webhookId"`;
const SOONER = `UPDATE webhook_waiting SET next_at = $2::timestamptz + random() * interval '5 seconds'
  WHERE webhook_id = $1 AND next_at > $2::timestamptz + interval '5 seconds'`;
const PRUNE = `DELETE FROM webhook_attempts a USING unnest($1::text[]) AS w(id), (VALUES (true), (false)) AS o(is_delivered)
  WHERE a.webhook_id = w.id AND a.is_delivered = o.is_delivered AND a.id <= (SELECT x.id FROM webhook_attempts x
    WHERE x.webhook_id = w.id AND x.is_delivered = o.is_delivered ORDER BY x.id DESC OFFSET $2 LIMIT 1)`;
const EXPIRE = `DELETE FROM webhook_attempts WHERE (webhook_id, id) IN (
  SELECT webhook_id, id FROM webhook_attempts WHERE at < $1 ORDER BY at LIMIT 1000)`;

@Injectable()
export class WebhookStore {
  constructor(private readonly pool: ReaderPool) {}

  async endpoints(ids: readonly string[]): Promise<Map<string, EndpointRow>> {
    const { rows } = await this.pool.query<EndpointRow>(ENDPOINTS, [ids]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Within a transaction. Returns those calls of the finished events that still wait. */
  async write(run: Run, reports: readonly Report[]): Promise<ReadonlySet<string>> {
    const { rows } = await run<{ id: string }>(LOCK, [reports.map(({ webhookId }) => webhookId)]);
    const there = new Set(rows.map(({ id }) => id));
    const of = <Row>(pick: (report: Report) => readonly Row[]) =>
      reports.filter(({ webhookId }) => there.has(webhookId)).flatMap(pick);
    const put = async (text: string, list: readonly object[]) => {
      if (list.length > 0) await run(text, [JSON.stringify(list)]);
    };
    await put(
      HOLD,
      of(({ held }) => held),
    );
    await put(
      AGAIN,
      of(({ again }) => again),
    );
    const done = of((report) => report.done);
    await put(DONE, done);
    const calls = done.filter(({ callId }) => callId !== null);
    const waiting =
      calls.length === 0
        ? []
        : (await run<{ webhookId: string; callId: string }>(RELEASE, [JSON.stringify(calls)])).rows;
    await put(
      ATTEMPTS,
      of(({ attempts }) => attempts),
    );
    await put(
      STATE,
      of((report) => [stateOf(report)]),
    );
    return new Set(waiting.map(({ webhookId, callId }) => `${webhookId} ${callId}`));
  }

  /** As {@link write}, in a transaction of its own. */
  writeNow(reports: readonly Report[]): Promise<ReadonlySet<string>> {
    return this.pool.transaction(async (run) => {
      await run('SET LOCAL synchronous_commit = off');
      return this.write(run, reports);
    });
  }

  /** Events that wait for an endpoint that answers again need not wait for their time. */
  async retrySooner(webhookId: string, now: Date): Promise<void> {
    await this.pool.query(SOONER, [webhookId, now]);
  }

  /** Keeps this many attempts of each outcome. */
  async prune(webhookIds: readonly string[], keep: number): Promise<void> {
    await this.pool.query(PRUNE, [webhookIds, keep]);
  }

  /** Removes some attempts from before then. False: there were none. */
  async expire(before: Date): Promise<boolean> {
    return ((await this.pool.query(EXPIRE, [before])).rowCount ?? 0) > 0;
  }
}

/** The endpoint's newest success and newest failure. */
function stateOf({ webhookId, attempts, lastSent, failures }: Report) {
  const last = (isDelivered: boolean) => attempts.filter((attempt) => attempt.isDelivered === isDelivered).at(-1);
  const failure = last(false);
  return {
    webhookId,
    lastSent: lastSent ?? null,
    failures,
    successAt: last(true)?.at ?? null,
    failureAt: failure?.at ?? null,
    status: failure?.status ?? null,
    reason: failure?.reason ?? null,
  };
}
