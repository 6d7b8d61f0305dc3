/**
 * What the writer reads and writes of calls and their parts, within its transaction (call-store.ts). It reads only the
 * parts that the events refer to, and no more bytes than it is allowed to.
 */
import { Injectable } from '@nestjs/common';
import type { CallId } from '../../common/ids.js';
import type { Run } from '../../database/pg-pool.js';
import type { CallName } from '../../events/log/event.js';
import { headIn, partsIn, tenantColumn, tenantIn } from './call-row.js';
import type { Indigestible, TouchedCall } from './touched-call.js';

interface StateRow {
  tenant_id: string;
  call_id: string;
  /** Null if the rows before it already have as many bytes as may be read. */
  state: string | null;
}

/** Rows beyond this many bytes have no state: `octet_length` knows the size without reading the value. */
const within = (state: string, maxBytes: string) =>
  `CASE WHEN sum(octet_length(${state})) OVER (ROWS UNBOUNDED PRECEDING) <= ${maxBytes} THEN ${state} END AS state`;
const HEADS = `SELECT c.tenant_id, c.call_id, ${within('c.head', '$3')} FROM calls c
  JOIN unnest($1::text[], $2::text[]) AS k(tenant_id, call_id) USING (tenant_id, call_id)`;
const PARTS = `SELECT p.tenant_id, p.call_id, ${within('p.state', '$4')} FROM call_parts p
  JOIN unnest($1::text[], $2::text[], $3::text[]) AS k(tenant_id, call_id, key) USING (tenant_id, call_id, key)`;
const QUARANTINED = `SELECT q.tenant_id, q.call_id FROM quarantined_calls q
  JOIN unnest($1::text[], $2::text[]) AS k(tenant_id, call_id) USING (tenant_id, call_id)`;
const WRITE_CALLS = `INSERT INTO calls
  (tenant_id, call_id, agent, state, transport, reason, started_at, ended_at, duration, last_at, words, head,
   latency_p50, latency_p95, latency_max, latency_turns, latencies, tools, tools_failed, interruptions, score_passed, escalated,
   incomplete)
  SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q::int[], r, s, t, u, v, w
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
    $8::timestamptz[], $9::float8[], $10::timestamptz[], $11::tsvector[], $12::text[], $13::float8[], $14::float8[], $15::float8[],
    $16::int[], $17::text[], $18::int[], $19::int[], $20::int[], $21::bool[], $22::bool[], $23::bool[])
    AS row(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w)
  ON CONFLICT (tenant_id, call_id) DO UPDATE SET agent = EXCLUDED.agent, state = EXCLUDED.state,
    transport = EXCLUDED.transport, reason = EXCLUDED.reason, started_at = EXCLUDED.started_at, ended_at = EXCLUDED.ended_at,
    duration = EXCLUDED.duration, last_at = EXCLUDED.last_at, words = EXCLUDED.words, head = EXCLUDED.head,
    latency_p50 = EXCLUDED.latency_p50, latency_p95 = EXCLUDED.latency_p95, latency_max = EXCLUDED.latency_max,
    latency_turns = EXCLUDED.latency_turns, latencies = coalesce(EXCLUDED.latencies, calls.latencies), tools = EXCLUDED.tools,
    tools_failed = EXCLUDED.tools_failed, interruptions = EXCLUDED.interruptions, score_passed = EXCLUDED.score_passed,
    escalated = EXCLUDED.escalated, incomplete = EXCLUDED.incomplete`;
const WRITE_PARTS = `INSERT INTO call_parts (tenant_id, call_id, key, kind, seq, text, words, state)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[], $6::text[], $7::tsvector[], $8::text[])
  ON CONFLICT (tenant_id, call_id, key) DO UPDATE SET kind = EXCLUDED.kind, seq = EXCLUDED.seq, text = EXCLUDED.text,
    words = EXCLUDED.words, state = EXCLUDED.state`;

@Injectable()
export class CallTables {
  /**
   * Reads what is known of these calls, as far as their events refer to it. False if that is more than the allowed
   * bytes.
   */
  async load(run: Run, calls: readonly TouchedCall[], maxBytes: number): Promise<boolean> {
    const byName = new Map(calls.map((call) => [keyOfName(call.name), call]));
    const heads = await run<StateRow>(HEADS, [...namesOf(calls), maxBytes]);
    for (const { tenant_id, call_id, state } of heads.rows) {
      if (state === null) return false;
      const head = headIn(state);
      if (head !== undefined) byName.get(`${tenant_id} ${call_id}`)?.know(head);
    }
    for (;;) {
      const keys = calls.flatMap((call) => call.askForKeys().map((key) => ({ name: call.name, key })));
      if (keys.length === 0) return true;
      const { rows } = await run<StateRow>(PARTS, [...namesOf(keys), keys.map(({ key }) => key), maxBytes]);
      const states = new Map<string, string[]>();
      for (const { tenant_id, call_id, state } of rows) {
        if (state === null) return false;
        const name = `${tenant_id} ${call_id}`;
        const known = states.get(name);
        if (known === undefined) states.set(name, [state]);
        else known.push(state);
      }
      for (const [name, texts] of states) byName.get(name)?.knowParts(partsIn(texts));
    }
  }

  /** Writes what the batch has made of these calls. */
  async save(run: Run, calls: readonly TouchedCall[], onIndigestible: (one: Indigestible) => void): Promise<void> {
    const rows = calls.flatMap((call) => call.rows(onIndigestible) ?? []);
    const parts = rows.flatMap((row) => row.parts);
    if (rows.length > 0) await run(WRITE_CALLS, columnsOf(rows.map(({ call }) => call)));
    if (parts.length > 0) await run(WRITE_PARTS, columnsOf(parts));
  }

  /** Those of these calls whose events are not taken in any more. */
  async quarantinedAmong(run: Run, calls: readonly CallName[]): Promise<CallName[]> {
    const { rows } = await run<{ tenant_id: string; call_id: CallId }>(
      QUARANTINED,
      namesOf(calls.map((name) => ({ name }))),
    );
    return rows.map(({ tenant_id, call_id }) => ({ tenantId: tenantIn(tenant_id), callId: call_id }));
  }

  async quarantine(run: Run, { tenantId, callId }: CallName, position: number): Promise<void> {
    await run(
      `INSERT INTO quarantined_calls (tenant_id, call_id, position) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
      [tenantColumn(tenantId), callId, position],
    );
  }

  async remove(run: Run, calls: readonly CallName[]): Promise<void> {
    const names = namesOf(calls.map((name) => ({ name })));
    for (const table of ['call_parts', 'calls'])
      await run(
        `DELETE FROM ${table} t USING unnest($1::text[], $2::text[]) AS k(tenant_id, call_id)
         WHERE t.tenant_id = k.tenant_id AND t.call_id = k.call_id`,
        names,
      );
  }
}

function keyOfName({ tenantId, callId }: CallName): string {
  return `${tenantColumn(tenantId)} ${callId}`;
}

function namesOf(calls: readonly Pick<TouchedCall, 'name'>[]): unknown[][] {
  return [calls.map(({ name }) => tenantColumn(name.tenantId)), calls.map(({ name }) => name.callId)];
}

/** Rows of values as one array for each column. */
function columnsOf(rows: readonly unknown[][]): unknown[][] {
  return (rows[0] ?? []).map((_, column) => rows.map((row) => row[column]));
}
