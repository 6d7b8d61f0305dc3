import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { type CallView, viewOf } from '../../src/calls/fold/call-view.js';
import { reduce } from '../support/call-events.js';
import { callNow, callsNow, ended, idsIn, said, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { parcelEntries } from '../support/recordings.js';
import { whileHeld } from '../support/hold-table.js';
import { type Answer, Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const sql = <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
  query<Row>(board.databaseUrl, text, values);
const projected = (at = board) =>
  waitFor(async () => {
    const { body } = await at.request<{ calls: { state: string; behind: number } }>('GET', '/readyz');
    return body.calls.state === 'up' && body.calls.behind === 0;
  }, 'a projection that has read the whole log');
/** The tables' rows; of JSON, what it says: the order of its fields is nobody's business. */
const dump = async () => ({
  calls: (await sql<{ head: string }>('SELECT * FROM calls ORDER BY tenant_id, call_id')).map((row) => ({
    ...row,
    head: JSON.parse(row.head) as unknown,
  })),
  parts: (await sql<{ state: string }>('SELECT * FROM call_parts ORDER BY tenant_id, call_id, key')).map((row) => ({
    ...row,
    state: JSON.parse(row.state) as unknown,
  })),
});

/** What the log itself says of a call. */
async function viewInLog(callId: string): Promise<CallView> {
  const rows = await sql<{ seq: string; type: string; at: Date; data: string }>(
    'SELECT coalesce(seq, position) AS seq, type, at, data FROM events WHERE call_id = $1 ORDER BY position',
    [callId],
  );
  return viewOf(
    reduce(
      callId,
      rows.map(({ seq, type, at, data }) => ({
        seq: Number(seq),
        type,
        at: at.toISOString(),
        data: JSON.parse(data) as Record<string, unknown>,
      })),
    ),
  );
}

/**
 * Holds whoever writes parts of calls, in the middle of its transaction, while something is tried. A rebuild removes
 * them first.
 */
const whileWriterHeld = (
  write: 'INSERT INTO' | 'DELETE FROM',
  work: (waiting: () => Promise<number>) => Promise<void>,
) => whileHeld([board.databaseUrl, 'call_parts', 'SHARE'], (waiting) => work(() => waiting(`${write} call_parts%`)));

async function tenantWithCall(): Promise<{ acme: TestTenant; agent: string; call: string }> {
  const [agent, call] = [fresh('mara'), fresh('CA')];
  const acme = await board.createTenant({ agents: [agent] });
  await board.ingest(started(agent, call), said(agent, call, 'u1', 'first'));
  await projected();
  return { acme, agent, call };
}

describe('the projection', () => {
  it('holds up neither ingest nor readers, and loses and doubles nothing when its transaction is killed', async () => {
    const { acme, agent, call } = await tenantWithCall();
    await whileWriterHeld('INSERT INTO', async (waiting) => {
      await board.ingest(said(agent, call, '', 'second'), said(agent, call, 'u3', 'third'), ended(agent, call));
      const pid = await waiting();
      const { body } = await callNow(board, acme, call);
      expect(body).toMatchObject({ state: 'live', cursor: 2, transcript: [{ text: 'first' }] });
      await board.ingest(said(agent, call, '', 'fourth'));
      await sql('SELECT pg_terminate_backend($1)', [pid]);
    });
    await projected();
    const after = await callNow(board, acme, call);
    expect(after.body.transcript.map(({ text }) => text)).toEqual(['first', 'second', 'third', 'fourth']);
    expect(after.body).toEqual({ ...(await viewInLog(call)), earlier: null, cursor: 6 });
  });

  it('is the same from two processes, whichever of them goes on', async () => {
    const other = await board.beside();
    try {
      const agent = fresh('mara');
      const acme = await board.createTenant({ agents: [agent] });
      const calls = Array.from({ length: 6 }, (_, index) => fresh(`CA${index}`));
      const send = (at: Switchboard, from: number) =>
        Promise.all(
          calls.map(async (call) => {
            for (let index = from; index < from + 12; index += 3)
              await at.ingest(
                ...[0, 1, 2].map((more) => said(agent, call, index % 2 ? '' : `u${index + more}`, `${index + more}`)),
              );
          }),
        );
      await Promise.all([send(board, 0), send(other, 100)]);
      await projected();
      for (const at of [board, other])
        for (const call of calls) {
          const { body } = await callNow(at, acme, call);
          expect(body).toEqual({ ...(await viewInLog(call)), earlier: null, cursor: 144 });
          expect(body.transcript).toHaveLength(24);
        }
      await other.shutDown();
      await send(board, 200);
      await projected();
      expect((await callNow(board, acme, calls[0] ?? '')).body.transcript).toHaveLength(36);
    } finally {
      await other.stop();
    }
  });
});

describe('an erased tenant', () => {
  it('leaves no call behind, also when the projection holds its events at that moment', async () => {
    const { acme, agent, call } = await tenantWithCall();
    const { call: another } = await tenantWithCall();
    let erased: Promise<Answer<unknown>> | undefined;
    await whileWriterHeld('INSERT INTO', async (waiting) => {
      await board.ingest(said(agent, call, 'u2', 'second'), started(agent, fresh('CA')));
      await waiting();
      erased = board.admin('DELETE', `/v1/admin/tenants/${acme.id}`);
      await waitFor(async () => {
        const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM projections%'`;
        return (await sql(waits)).length > 0;
      }, 'an erasure that waits for the projection');
    });
    expect((await erased)?.status).toBe(204);
    await board.ingest(said(agent, call, 'u3', 'too late'));
    await projected();
    for (const table of ['calls', 'call_parts'])
      expect(await sql(`SELECT call_id FROM ${table} WHERE tenant_id = $1`, [acme.id])).toEqual([]);
    // What trails behind is nobody's: for admins only, and without what was said before.
    expect((await board.admin('GET', `/v1/admin/calls/${call}`)).body).toMatchObject({
      tenant: null,
      transcript: [{ text: 'too late' }],
    });
    expect((await board.admin('GET', `/v1/admin/calls/${another}`)).status).toBe(200);
  });
});

describe('a rebuild', () => {
  it('is begun by a version that keeps calls in another way than the one before', async () => {
    const { acme, agent, call } = await tenantWithCall();
    await board.ingest(said(agent, call, 'u2', 'Łódź'));
    await projected();
    await sql(`UPDATE call_parts SET words = '''@${acme.id}'' ''łodz'':1' WHERE call_id = $1 AND text = 'Łódź'`, [
      call,
    ]);
    await sql('UPDATE projections SET version = 1');
    expect(idsIn(await callsNow(board, acme, '?q=lodz'))).toEqual([]);
    const next = await board.beside();
    await waitFor(async () => idsIn(await callsNow(next, acme, '?q=lodz'))[0] === call, 'the words to be made anew');
    await projected(next);
    await next.stop();
    const begun = await sql<{ version: number }>('SELECT version FROM projections WHERE version > 1');
    const audit = await sql(`SELECT id FROM audit WHERE action = 'calls.rebuild' AND by = 'switchboard'`);
    expect([begun.length, audit.length]).toEqual([1, 1]);
  });

  it('makes the same rows from the log, while readers are answered, and says how far it is', async () => {
    const { acme, agent, call } = await tenantWithCall();
    const golden = parcelEntries.filter(({ type }) => type !== 'log.caught_up');
    await board.assign('lucia', acme.id);
    await board.ingest(...golden, said(fresh('nobody'), fresh('CA'), '', 'of nobody'), said(agent, call, '', 'last'));
    await projected();
    const before = await dump();
    expect(before.calls.length).toBeGreaterThan(2);
    await sql(`UPDATE call_parts SET text = 'spoilt', state = replace(state, 'Saturday', 'Sunday');
      DELETE FROM call_parts WHERE kind = 'tool'; UPDATE calls SET state = 'ringing', agent = 'spoilt'`);
    await sql(`DELETE FROM calls WHERE call_id = 'CA_parcel'`);
    await whileWriterHeld('DELETE FROM', async (waiting) => {
      const rebuilding = { state: 'rebuilding', behind: 0, percent: expect.any(Number) };
      const { status, body } = await board.admin('POST', '/v1/admin/calls/rebuild');
      expect([status, body]).toEqual([202, rebuilding]);
      await waiting();
      expect((await board.request('GET', '/readyz')).body).toMatchObject({ calls: rebuilding });
      expect(idsIn(await callsNow(board, acme))).toContain(call);
      expect((await callNow(board, acme, call)).body.transcript.map(({ text }) => text)).toEqual(['first', 'last']);
    });
    await projected();
    expect(await dump()).toEqual(before);
    const audit = await board.admin<{ audit: { action: string }[] }>('GET', '/v1/admin/audit?limit=1');
    expect(audit.body.audit[0]?.action).toBe('calls.rebuild');
  });

  it('passes over what the database will not take, as the projection does, and takes in what is beside it', async () => {
    const { acme, agent, call } = await tenantWithCall();
    await sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.text = 'poison' THEN RAISE 'refused'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON call_parts FOR EACH ROW EXECUTE FUNCTION refuse()`);
    await board.ingest(
      ...['second', 'third', 'poison', 'fourth', 'fifth'].map((text) => said(agent, call, text, text)),
    );
    await projected();
    expect((await board.admin('POST', '/v1/admin/calls/rebuild')).status).toBe(202);
    await projected();
    await sql('DROP FUNCTION refuse CASCADE');
    const { body } = await callNow(board, acme, call);
    expect(body.transcript.map(({ text }) => text)).toEqual(['first', 'second', 'third', 'fourth', 'fifth']);
    expect((await board.admin('GET', '/metrics')).text).toMatch(/events_projected_total\{outcome="passed over"\} 1/);
  });

  it('takes away what the log no longer says, and goes on in another process after a kill', async () => {
    const { acme, agent, call } = await tenantWithCall();
    const gone = fresh('CA');
    await board.ingest(started(agent, gone), said(agent, gone, 'u1', 'expired'));
    await projected();
    await sql('DELETE FROM events WHERE call_id = $1', [gone]);
    await board.shutDown();
    // As a process leaves it that was killed in between.
    await sql(`UPDATE projections SET rebuild_after = '', rebuild_done = 0, rebuild_total = 9`);
    const next = await board.beside();
    await projected(next);
    expect(idsIn(await callsNow(next, acme))).toEqual([call]);
    expect((await callsNow(next, acme, '?q=expired')).body.calls).toEqual([]);
    const cli = promisify(execFile)(
      process.execPath,
      [resolve('bin/switchboard.mjs'), 'calls', 'rebuild', '--url', next.url],
      {
        env: { ...process.env, SWITCHBOARD_TOKEN: board.adminToken },
      },
    );
    expect((await cli).stdout).toBe('done\n');
    expect(idsIn(await callsNow(next, acme))).toEqual([call]);
    await next.stop();
  });
});
