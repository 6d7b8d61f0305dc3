/**
 * Security rule 21 for a tenant: first its rights end, then its rows go, in batches that hold nobody up and outlive any
 * process.
 */
import { said, started } from '../support/calls.js';
import { createDatabase, query } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';
import { Installation } from '../support/server-process.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message, word } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

/** Columns in which a tenant's name may stand. */
const TENANT_COLUMNS = `SELECT quote_ident(table_name) AS name FROM information_schema.columns
  WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_name <> 'ownerships'`;

/** Tables that have rows of the tenant. */
async function rowsOf(databaseUrl: string, tenant: string): Promise<string[]> {
  const tables = await query<{ name: string }>(databaseUrl, TENANT_COLUMNS);
  const found = tables.map(async ({ name }) => {
    const rows = await query(databaseUrl, `SELECT FROM ${name} WHERE tenant_id = $1 LIMIT 1`, [tenant]);
    return rows.length > 0 ? [name] : [];
  });
  return (await Promise.all(found)).flat().sort();
}

/** Events and calls as if they had come in, all at once. */
async function fill(databaseUrl: string, tenant: string, agent: string, events: number): Promise<void> {
  await query(
    databaseUrl,
    `WITH head AS (UPDATE log_head SET position = position + $3 WHERE id = 1 RETURNING position - $3 AS base),
    last AS (INSERT INTO tenant_heads (tenant_id, seq) VALUES ($1, $3)
      ON CONFLICT (tenant_id) DO UPDATE SET seq = tenant_heads.seq + $3 RETURNING seq - $3 AS base)
    INSERT INTO events (position, tenant_id, seq, call_id, agent, type, at, source_key, data)
    SELECT head.base + n, $1, last.base + n, $1 || '-' || n / 20, $2, 'user.message', now(), $1 || n, '{"text":"x"}'
    FROM head, last, generate_series(1, $3::bigint) AS n`,
    [tenant, agent, events],
  );
}

it('a large call is emptied before its erasure takes the append lock', async () => {
  const board = await Switchboard.start();
  try {
    const [agent, call] = [fresh('mara'), fresh('CA')];
    await board.createTenant({ agents: [agent] });
    await board.ingest(started(agent, call), ...texts(1200).map((text) => said(agent, call, text, text)));
    const left = async () => {
      const [row] = await query<{ events: number; parts: number }>(
        board.databaseUrl,
        `SELECT (SELECT count(*)::int FROM events WHERE call_id = $1) AS events,
           (SELECT count(*)::int FROM call_parts WHERE call_id = $1 AND kind = 'message') AS parts`,
        [call],
      );
      return row;
    };
    await waitFor(async () => (await left())?.parts === 1200, 'the projection');
    const erased = await whileHeld([board.databaseUrl, 'log_head', 'EXCLUSIVE'], async () => {
      const answer = board.admin('DELETE', `/v1/admin/calls/${call}`);
      await waitFor(async () => JSON.stringify(await left()) === '{"events":0,"parts":0}', 'the call to be empty');
      return { answer };
    });
    expect((await erased.answer).status).toBe(204);
    expect((await board.admin('GET', '/v1/admin/audit')).text).toContain('"before":{"events":1201}');
  } finally {
    await board.stop();
  }
});

describe('a tenant that is erased', () => {
  it('loses its rights at once; its rows go while others append; its name is free when nothing of it is left', async () => {
    const board = await Switchboard.start();
    try {
      const [agent, other, call] = [fresh('mara'), fresh('julia'), fresh('CA')];
      const acme = await board.createTenant({ agents: [agent] });
      const globex = await board.createTenant({ agents: [other] });
      await board.ingest(started(agent, call), said(agent, call, 'u1', 'pelican'));
      await fill(board.databaseUrl, acme.id, agent, 3000);
      const reader = await board.open('/v1/events', { token: acme.token });
      await reader.untilType('log.caught_up');
      // Or there is no transcript of which the lock could keep anything.
      const behind = `SELECT FROM projections p, log_head h WHERE p.position < h.position`;
      await waitFor(async () => (await query(board.databaseUrl, behind)).length === 0, 'the projection');
      await whileHeld([board.databaseUrl, 'call_parts', 'EXCLUSIVE'], async () => {
        expect((await board.admin('DELETE', `/v1/admin/tenants/${acme.id}`)).status).toBe(204);
        expect((await reader.untilType('stream.closing')).data).toMatchObject({ type: '/problems/token-revoked' });
        // Everybody else goes on, and so does its call, as nobody's.
        await board.ingest(message(other, fresh('c'), 1), said(agent, call, 'u2', 'late'), word(agent, call, 'later'));
        expect((await board.request('GET', '/v1/log', { token: globex.token })).body['next']).toBe('1');
        expect((await board.request('GET', '/v1/log', { token: acme.token })).status).toBe(401);
        expect((await board.admin('GET', `/v1/admin/tenants/${acme.id}`)).status).toBe(404);
        const again = await board.admin('POST', '/v1/admin/tenants', { tenant: acme.id });
        expect([again.status, again.body['type']]).toEqual([409, '/problems/tenant-exists']);
        await waitFor(async () => (await rowsOf(board.databaseUrl, acme.id)).join() === LEFT, 'what the lock keeps');
        const { body } = await board.admin<{ erasures: object[] }>('GET', '/v1/admin/erasures');
        expect(body.erasures).toMatchObject([{ tenant: acme.id, step: 'transcripts', events: 3002, erased: 3002 }]);
        expect((await board.request('GET', '/readyz')).body).toMatchObject({
          erasures: { tenants: 1, events: 3002, erased: 3002 },
        });
      });
      const free = () => board.admin('POST', '/v1/admin/tenants', { tenant: acme.id });
      await waitFor(async () => (await free()).status === 201, 'the name');
      expect(await rowsOf(board.databaseUrl, acme.id)).toEqual(['audit']); // That it was made.
      const { body } = await board.admin<{ token: string }>('POST', `/v1/admin/tenants/${acme.id}/tokens`, {
        name: 'anew',
        scopes: ['events:read'],
      });
      await board.admin('PUT', `/v1/admin/agents/${agent}/owner`, { tenant: acme.id, from: null });
      await board.ingest(said(agent, call, 'u3', 'latest'), message(agent, fresh('c'), 'new'));
      const log = await board.request<{ events: { id: string }[] }>('GET', '/v1/log', { token: body.token });
      expect(log.body.events.map(({ id }) => id)).toEqual(['1']);
      expect(log.text).not.toMatch(/pelican|late/);
      const audit = await board.admin('GET', `/v1/admin/audit?tenant=${acme.id}`);
      expect(audit.text).toContain('"action":"tenant.erased"');
    } finally {
      await board.stop();
    }
  });

  it('is erased to its end by whichever process is there when others are killed at it', async () => {
    const database = await createDatabase();
    const home = await Installation.create({ DATABASE_URL: database.url, SOURCES: 'none' });
    try {
      let server = await home.start();
      const admin = async (method: string, path: string, body?: unknown) => {
        const headers = { Authorization: `Bearer ${home.read('admin-token')}`, 'Content-Type': 'application/json' };
        return fetch(home.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
      };
      const [acme, globex] = [fresh('acme'), fresh('globex')];
      for (const tenant of [acme, globex]) await admin('POST', '/v1/admin/tenants', { tenant });
      await fill(database.url, acme, 'mara', 40_000);
      await fill(database.url, globex, 'julia', 100);
      const erasing = admin('DELETE', `/v1/admin/tenants/${acme}`).catch(() => undefined);
      const erased = async () => {
        const rows = await query<{ erased: string }>(database.url, 'SELECT erased FROM tenant_erasures');
        return Number(rows[0]?.erased ?? 0);
      };
      for (let seen = 0, kill = 0; kill < 2; kill++) {
        seen = await waitFor(async () => ((await erased()) > seen ? erased() : false), 'some more batches');
        await server.kill9();
        expect(await rowsOf(database.url, acme)).toContain('tenant_erasures');
        server = await home.start();
      }
      await erasing;
      await waitFor(async () => (await rowsOf(database.url, acme)).length === 0, 'nothing of it', 60_000);
      const [left] = await query(database.url, 'SELECT count(*)::int AS events, max(seq)::int AS last FROM events');
      expect(left).toEqual({ events: 100, last: 100 });
      const book = await query(database.url, `SELECT before FROM audit WHERE action = 'tenant.erased'`);
      expect(book).toEqual([{ before: { events: 40_000 } }]);
    } finally {
      await home.remove();
      await database.drop();
    }
  });
});

const texts = (count: number) => Array.from({ length: count }, (_, n) => `text-${n}`);

/** What is left when the transcripts cannot be removed. */
const LEFT = ['audit', 'call_parts', 'calls', 'tenant_erasures', 'tenant_heads'].join();
