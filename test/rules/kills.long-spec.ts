/**
 * Whatever is killed, a rule fires once a (rule, call) or once a (rule, event): docs/rules.md, "What is said". A
 * process appends what fires, and moves its place in the log afterwards. A kill in between makes its successor find the
 * same again. A kill before it loses what was only known in memory: calls in progress, and the silences that are waited
 * for.
 */
import pg from 'pg';
import { createDatabase } from '../support/database.js';
import { HttpClient } from '../support/http-client.js';
import { longest, rounds } from '../support/rounds.js';
import type { Because } from '../support/rules.js';
import { Installation } from '../support/server-process.js';
import { TOLD_RULES, type Told, ToldCalls, causeOf } from '../support/told-calls.js';
import { waitFor } from '../support/wait-for.js';
import { Random } from '../support/world/random.js';

const KILLS = rounds('RULE_KILLS', 4);
const BATCHES = 5;
/** How long a machine that has other work may take over one step. */
const PATIENCE_MS = 180_000;
const SEED = 19;
/** A row that every append to the log needs, and the one that the rules' reader moves. */
const HEAD = 'log_head WHERE id = 1';
const READER = `log_readers WHERE kind = 'rules'`;
const APPEND = '%append_events%';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface LogEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly callId?: string; readonly at: string };
}

interface Finding {
  readonly callId: string;
  readonly at: string;
  readonly event: string;
  readonly because: Because;
}

/** What the database knows, on a connection that is kept: looks must be quicker than what they look at. */
class Watch {
  private constructor(private readonly client: pg.Client) {}

  static async open(url: string): Promise<Watch> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new Watch(client);
  }

  async number(text: string, values: unknown[] = []): Promise<number> {
    const { rows } = await this.client.query<{ n: number }>(text, values);
    return rows[0]?.n ?? 0;
  }

  /** The tenant's last number. */
  head(): Promise<number> {
    return this.number('SELECT seq::int AS n FROM tenant_heads');
  }

  /** Firings after a number of the tenant's, of these calls or of all. */
  fired(after = 0, callIds: readonly string[] | null = null): Promise<number> {
    const text = `SELECT count(*)::int AS n FROM events WHERE tenant_id = 'acme' AND type = 'rule.fired' AND seq > $1
      AND ($2::text[] IS NULL OR call_id = ANY ($2))`;
    return this.number(text, [after, callIds]);
  }

  /** Events that the rules' reader has not passed. */
  behind(): Promise<number> {
    return this.number(`SELECT (h.seq - r.cursor)::int AS n FROM log_readers r JOIN tenant_heads h USING (tenant_id)
      WHERE r.kind = 'rules'`);
  }

  /** Firings whose event the reader has not passed: the process is between the append and its own move. */
  saidAhead(): Promise<number> {
    return this.number(`SELECT count(*)::int AS n FROM events e JOIN log_readers r USING (tenant_id)
      WHERE r.kind = 'rules' AND e.type = 'rule.fired' AND e.seq > r.cursor
      AND (e.data::json->'because'->>'event')::bigint > r.cursor`);
  }

  /** Nobody else has this row meanwhile. */
  async whileHeld<T>(row: string, work: () => Promise<T>): Promise<T> {
    await this.hold(row);
    try {
      return await work();
    } finally {
      await this.letGo();
    }
  }

  async hold(row: string): Promise<void> {
    await this.client.query(`BEGIN; SELECT FROM ${row} FOR UPDATE`);
  }

  async letGo(): Promise<void> {
    await this.client.query('ROLLBACK');
  }

  /** Backends whose statement waits for a row. */
  async waiting(statementLike: string): Promise<number[]> {
    const text = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`;
    await this.client.query('SELECT pg_stat_clear_snapshot()'); // A transaction would see the same again and again.
    return (await this.client.query<{ pid: number }>(text, [statementLike])).rows.map(({ pid }) => pid);
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

async function place() {
  const database = await createDatabase();
  cleanUps.push(() => database.drop());
  const home = await Installation.create({
    DATABASE_URL: database.url,
    SOURCES: 'none',
    LIMIT_INGEST_PER_SECOND: '100000',
    LIMIT_REQUESTS_PER_SECOND: '100000',
  });
  cleanUps.push(() => home.remove());
  const server = await home.start();
  const admin = new HttpClient(home.url, home.read('admin-token'));
  await admin.ask('POST', '/v1/admin/tenants', { tenant: 'acme' });
  for (const agent of ['mara', 'lucia'])
    await admin.ask('PUT', `/v1/admin/agents/${agent}/owner`, { tenant: 'acme', from: null });
  const scopes = ['events:read', 'agents:read', 'rules:write'];
  const { token } = await admin.ask<{ token: string }>('POST', '/v1/admin/tenants/acme/tokens', { name: 'x', scopes });
  const tenant = new HttpClient(home.url, token);
  const ids = new Map<string, string>();
  for (const rule of TOLD_RULES) ids.set(rule.name, (await tenant.ask<{ id: string }>('POST', '/v1/rules', rule)).id);
  const watch = await Watch.open(database.url);
  cleanUps.push(() => watch.close());
  const gate = await Watch.open(database.url);
  cleanUps.push(() => gate.close());
  return { home, server, admin, tenant, ids, watch, gate };
}

async function logOf(tenant: HttpClient): Promise<LogEvent[]> {
  const events: LogEvent[] = [];
  for (let after = '0'; ;) {
    const page = await tenant.insist<{ events: LogEvent[]; next: string }>('GET', `/v1/log?limit=1000&after=${after}`);
    events.push(...page.events);
    if (page.events.length === 0 || page.next === after) return events;
    after = page.next;
  }
}

async function backtest(tenant: HttpClient, id: string): Promise<Finding[]> {
  const found: Finding[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const body: object = cursor === undefined ? {} : { cursor };
    const path = `/v1/rules/${id}/backtest`;
    const page: { fired: Finding[]; next: string | null } = await tenant.insist('POST', path, body);
    found.push(...page.fired);
    cursor = page.next;
  }
  return found;
}

/** Those of the first that the second lacks; what is there twice must be there twice. */
function lacking(some: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const one of others) left.set(one, (left.get(one) ?? 0) + 1);
  return some.filter((one) => {
    const count = left.get(one) ?? 0;
    left.set(one, count - 1);
    return count <= 0;
  });
}

const until = (done: () => boolean | Promise<boolean>, what: string) => waitFor(done, what, PATIENCE_MS);

const written = ({ rule, callId, cause, at }: Told) => `${rule}: ${callId}, ${cause}, ${at}`;

it(
  `fires each rule once over ${KILLS} deaths of the process that evaluates it, as a backtest finds it`,
  async () => {
    const { home, server: first, admin, tenant, ids, watch, gate } = await place();
    const calls = new ToldCalls(new Random(SEED));
    let server = first;
    let [answered, between] = [0, 0];
    /** Each batch is sent again until it is answered. */
    const send = async (batches: readonly object[][]) => {
      for (const batch of batches) {
        const body = await admin.insist<{ rejected: unknown[] }>('POST', '/v1/ingest', batch);
        expect(body).toMatchObject({ rejected: [] });
        answered += 1;
      }
    };
    const die = async () => {
      await server.kill9();
      if ((await watch.saidAhead()) > 0) between += 1;
    };
    /** Five moments to be killed at. What is `sending` then is answered after the next start. */
    const moments = [
      // Nothing is said yet: after the events have gone in, nothing else does. What waits to be said dies with the
      // process.
      async (batches: object[][]) => {
        await gate.hold(HEAD);
        const sending = send(batches.splice(0, 1));
        await until(async () => (await watch.waiting(APPEND)).length > 0, 'the events to wait');
        const held = watch.hold(HEAD);
        await until(async () => (await gate.waiting('BEGIN; SELECT%')).length > 0, 'the next in line');
        await gate.letGo();
        await Promise.all([sending, held]);
        await until(async () => (await gate.waiting(APPEND)).length > 0, 'something that is to be said');
        const dying = await gate.waiting(APPEND);
        await die();
        for (const pid of dying) await gate.number('SELECT pg_terminate_backend($1)::int AS n', [pid]);
        await watch.letGo();
        return { sending: send(batches) };
      },
      // A process says what fires and has not moved on: the move waits for the row until the process is dead.
      async (batches: object[][]) => {
        await send(batches.splice(0, 1));
        await until(async () => (await watch.behind()) === 0, 'the rules to be as new as the log');
        const sending = await watch.whileHeld(READER, async () => {
          const underWay = send(batches);
          await until(async () => (await watch.saidAhead()) > 0, 'something to be said');
          await die();
          return { underWay };
        });
        return { sending: sending.underWay };
      },
      async (batches: object[][]) => {
        const before = await watch.head();
        const sending = send(batches);
        await until(async () => (await watch.fired(before)) > 0, 'something to be said');
        await die();
        return { sending };
      },
      // What only a timer says.
      async (batches: object[][], _kill: number, silent: string[]) => {
        await send(batches);
        await until(async () => (await watch.fired(0, silent)) >= silent.length, 'a silence to be said');
        await die();
        return { sending: undefined };
      },
      async (batches: object[][], kill: number) => {
        const target = answered + 1 + (kill % (BATCHES - 1));
        const sending = send(batches);
        await until(() => answered >= target, 'answers'); // The next batch is under way.
        await die();
        return { sending };
      },
    ];
    const startedAt = performance.now();
    for (let kill = 0; kill < KILLS; kill++) {
      const { batches, silent } = calls.round(BATCHES);
      const moment = moments[kill % moments.length] as (typeof moments)[number];
      const { sending } = await moment(batches, kill, silent);
      server = await home.startAgain();
      await sending;
    }
    const last = calls.round(2);
    await send(last.batches);
    await until(async () => (await watch.fired(0, last.silent)) >= last.silent.length, 'the last silence');
    await until(async () => (await watch.fired()) >= calls.told.length, 'everything that must fire');
    await until(async () => (await watch.behind()) === 0, 'the rules to be as new as the log');

    const log = await logOf(tenant);
    expect(log.map(({ id }) => Number(id))).toEqual(log.map((_, at) => at + 1));
    const isFiring = ({ type }: LogEvent) => type === 'rule.fired';
    expect(log.filter((event) => event.data.callId !== undefined && !isFiring(event))).toHaveLength(calls.count);
    const fired = log.filter(isFiring).map(({ data }) => data as unknown as Finding & { rule: string; name: string });
    const said = fired.map(({ name, callId, because, at }) => {
      const event = log[Number(because.event) - 1];
      return written({ rule: name, callId, cause: causeOf(event?.type ?? 'nothing', event?.data ?? {}), at });
    });
    const must = calls.told.map(written);
    expect({ missing: lacking(must, said), tooMuch: lacking(said, must) }).toEqual({ missing: [], tooMuch: [] });
    for (const { name } of TOLD_RULES) {
      expect([name, said.some((one) => one.startsWith(`${name}:`))]).toEqual([name, true]);
      const found = (await backtest(tenant, ids.get(name) ?? '')).map((one) => JSON.stringify(one)).sort();
      const live = fired.filter((one) => one.name === name).map(({ callId, at, because }) => JSON.stringify({ callId, at, event: because.event, because })); // prettier-ignore
      expect([name, found]).toEqual([name, live.sort()]);
    }
    // At least the second moment of each five is in between.
    expect(between).toBeGreaterThanOrEqual(Math.floor((KILLS + 3) / 5));
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    if (process.env['RULE_KILLS'] !== undefined)
      console.log(JSON.stringify({ kills: KILLS, between, events: calls.count, fired: fired.length, seconds }));
  },
  longest(300_000),
);
