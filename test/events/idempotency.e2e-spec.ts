import { createHash } from 'node:crypto';
import { IdempotencyKeys, hashOf } from '../../src/events/log/idempotency-keys.js';
import { PATIENT } from '../../src/common/fair-slots.js';
import { query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const digit = (agent: string, n: number) => ({ event: 'call.dtmf_received', agent, callId: `c-${agent}`, digit: n });
const send = (key: string, body: unknown, token = board.adminToken) =>
  board.request('POST', '/v1/ingest', { token, body, headers: { 'Idempotency-Key': key } });
const outcome = async (...sent: Parameters<typeof send>) => {
  const { status, body } = await send(...sent);
  return status === 200 ? [body['accepted'], body['duplicates']] : [status, body['type']];
};
const rows = (sql: string, values: unknown[] = []) => query(board.databaseUrl, sql, values);
const REUSED = [409, '/problems/idempotency-key-reused'];

describe('an Idempotency-Key', () => {
  it('that comes again with another body is refused, and takes nothing in', async () => {
    const [agent, key] = [fresh('agent'), fresh('key')];
    expect(await outcome(key, digit(agent, 1))).toEqual([1, 0]);
    expect(await outcome(key, digit(agent, 2))).toEqual(REUSED);
    expect(await outcome(key, [digit(agent, 1), digit(agent, 2)])).toEqual(REUSED);
    expect(await outcome(key, digit(agent, 1))).toEqual([0, 1]);
    const { token } = await board.createTenant({ agents: [fresh('own')], scopes: ['events:write'] });
    const theirs = await send(key, digit(fresh('own'), 1), token);
    expect(theirs.status).toBe(400); // Nothing of it is theirs; the platform's key is not theirs either.
  });

  it('of two bodies at once goes to one of them', async () => {
    const [agent, key] = [fresh('agent'), fresh('key')];
    const answers = await Promise.all([1, 2, 3, 4].map((n) => outcome(key, digit(agent, n))));
    expect(answers.filter(([first]) => first === 1)).toHaveLength(1);
    expect(answers.filter(([first]) => first === 409)).toHaveLength(3);
  });

  it('is not taken by a request that was refused as a whole', async () => {
    const [agent, key] = [fresh('agent'), fresh('key')];
    expect((await send(key, { event: 'x' })).status).toBe(400);
    expect(await outcome(key, digit(agent, 1))).toEqual([1, 0]);
  });

  it('is free for another body after a day, and a repeat of the first is known even then', async () => {
    const [agent, key] = [fresh('agent'), fresh('key')];
    expect(await outcome(key, digit(agent, 1))).toEqual([1, 0]);
    await rows(`UPDATE idempotency_keys SET used_at = now() - interval '25 hours' WHERE key_hash = $1`, [hashOf(key)]);
    expect(await outcome(key, digit(agent, 2))).toEqual([1, 0]);
    await rows('DELETE FROM idempotency_keys WHERE key_hash = $1', [hashOf(key)]);
    expect(await outcome(key, digit(agent, 1))).toEqual([0, 1]);
  });

  it('whose request was killed before it stored anything can be repeated', async () => {
    const [agent, key] = [fresh('agent'), fresh('key')];
    const body = JSON.stringify(digit(agent, 1));
    await board.app.get(IdempotencyKeys).claim(null, key, hashOf(body), [], PATIENT);
    expect(await outcome(key, body)).toEqual([1, 0]);
    expect(await outcome(key, body)).toEqual([0, 1]);
  });

  it('that the version before stored is known', async () => {
    const [agent, key] = [fresh('agent'), fresh('key')];
    expect(await outcome(key, [digit(agent, 1), digit(agent, 1)])).toEqual([2, 0]);
    for (const index of [0, 1]) {
      const before = createHash('sha256')
        .update(JSON.stringify(['idempotency-key', key, index]))
        .digest('base64url');
      const one = 'SELECT position FROM events WHERE agent = $2 ORDER BY position LIMIT 1 OFFSET $3';
      await rows(`UPDATE events SET source_key = $1 WHERE position = (${one})`, [before, agent, index]);
    }
    await rows('DELETE FROM idempotency_keys WHERE key_hash = $1', [hashOf(key)]);
    expect(await outcome(key, [digit(agent, 1), digit(agent, 1)])).toEqual([0, 2]);
  });

  it('is forgotten with its tenant, and the oldest when there are too many', async () => {
    const agent = fresh('agent');
    const { id, token } = await board.createTenant({ agents: [agent], scopes: ['events:write'] });
    expect(await outcome(fresh('key'), digit(agent, 1), token)).toEqual([1, 0]);
    const many = `INSERT INTO idempotency_keys SELECT $1, n::text, 'x', now() - n * interval '1 second' FROM generate_series(1, 50100) n`;
    await rows(many, [id]);
    await board.app.get(IdempotencyKeys).forgetOldest(id);
    const count = 'SELECT count(*)::int AS n FROM idempotency_keys WHERE tenant_id = $1';
    expect(await rows(count, [id])).toEqual([{ n: 50_000 }]);
    // A slow machine is asked again: the rows of a tenant go in one statement with a time limit.
    await waitFor(async () => (await board.admin('DELETE', `/v1/admin/tenants/${id}`)).status < 500, 'the deletion');
    expect(await rows(count, [id])).toEqual([{ n: 0 }]);
  });
});
