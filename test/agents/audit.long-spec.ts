/** The books of changes: narrowed alike for a tenant and an operator, with names that last, and read by an index. */
import { query } from '../support/database.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly by: string;
  readonly byName: string | null;
  readonly action: string;
  readonly target: string;
  readonly targetName: string | null;
}
interface Page {
  readonly audit: Entry[];
  readonly next: string | null;
}

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '10000' })));
afterAll(() => board.stop());

const MANAGER = ['events:read', 'tokens:write'];
const asked = (narrowed: Record<string, string>) => new URLSearchParams(narrowed).toString();
const own = async (token: string, narrowed: Record<string, string> = {}) =>
  (await expectStatus(200, board.request<Page>('GET', `/v1/audit?${asked(narrowed)}`, { token }))).body;
const platform = async (narrowed: Record<string, string>) =>
  (await expectStatus(200, board.admin<Page>('GET', `/v1/admin/audit?${asked(narrowed)}`))).body;

it('a tenant narrows its own book by action, actor, target and time', async () => {
  const { id, token, tokenId } = await board.createTenant({ agents: [fresh('mara')], scopes: MANAGER });
  const made = { name: 'wallboard', scopes: ['events:read'] };
  const { body } = await board.request<{ id: string }>('POST', '/v1/tokens', { token, body: made });
  await board.createTenant({ agents: [fresh('lucia')] });
  const found = async (narrowed: Record<string, string>) => (await own(token, narrowed)).audit.map((one) => one.action);
  expect(await found({})).toEqual(['token.create', 'token.create', 'agent.assign', 'tenant.create']);
  expect(await found({ action: 'agent.assign' })).toEqual(['agent.assign']);
  expect(await found({ by: tokenId })).toEqual(['token.create']);
  expect(await found({ by: 'operator' })).toEqual(['token.create', 'agent.assign', 'tenant.create']);
  expect(await found({ target: body.id })).toEqual(['token.create']);
  const [, , assigned] = (await own(token)).audit;
  expect(await found({ to: assigned?.at ?? '' })).toEqual(['tenant.create']);
  expect(await found({ from: assigned?.at ?? '', action: 'agent.assign' })).toEqual(['agent.assign']);
  await expectStatus(400, board.request('GET', `/v1/audit?tenant=${id}`, { token }));
});

it('an entry keeps the names of tokens that are gone, and tells a tenant none of the platform’s', async () => {
  const { id, token, tokenId } = await board.createTenant({ scopes: MANAGER });
  const made = { name: 'wallboard', scopes: ['events:read'] };
  const { body } = await board.request<{ id: string }>('POST', '/v1/tokens', { token, body: made });
  await query(board.databaseUrl, 'DELETE FROM tokens WHERE id = ANY($1)', [[body.id]]);
  const names = { by: tokenId, byName: 'test', target: body.id, targetName: 'wallboard' };
  expect((await own(token, { by: tokenId })).audit).toMatchObject([names]);
  expect((await platform({ tenant: id, by: tokenId })).audit).toMatchObject([names]);
  expect((await own(token, { action: 'tenant.create' })).audit).toMatchObject([{ by: 'operator', byName: null }]);
});

describe('a book of 200,000 entries', () => {
  const ENTRIES = 200_000;
  const DAY = '2026-03-01T00:00:00.000Z';

  /** Changes a second apart: some of an action, an actor and a target that are rare and old, in among the others. */
  beforeAll(async () => {
    await query(
      board.databaseUrl,
      `INSERT INTO audit (at, by, action, target, tenants)
       SELECT $1::timestamptz + n * interval '1 second', CASE WHEN n % 4000 = 7 THEN 'rare' ELSE 'common' END,
         CASE WHEN n < 200 THEN 'tenant.erase' ELSE 'token.create' END, 'target-' || n % 5000, ARRAY['t-' || n % 300]
       FROM generate_series(1, ${ENTRIES}) n`,
      [DAY],
    );
    await query(board.databaseUrl, 'ALTER TABLE audit SET (autovacuum_enabled = false)');
    await query(board.databaseUrl, 'VACUUM ANALYZE audit');
  });

  /** Rows of the table that were read since the server counts them. The count comes a moment late. */
  const read = async () => {
    const [row] = await query<{ read: string }>(
      board.databaseUrl,
      `SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_user_tables WHERE relname = 'audit'`,
    );
    return Number(row?.read);
  };

  /** What was read, when it has stood still for long enough for all connections to have told. */
  const settled = async () => {
    let [count, since] = [await read(), Date.now()];
    await waitFor(async () => {
      const now = await read();
      if (now !== count) [count, since] = [now, Date.now()];
      return Date.now() - since > 1500;
    }, 'the count to stand still');
    return count;
  };

  it.each<[string, Record<string, string>, number?]>([
    ['nothing', {}],
    ['a rare action, long ago', { action: 'tenant.erase' }],
    ['a rare actor', { by: 'rare' }],
    ['a target', { target: 'target-17' }],
    ['an hour, long ago', { from: '2026-03-01T01:00:00Z', to: '2026-03-01T02:00:00Z' }],
    ['all before a day', { to: '2026-03-01T12:00:00Z' }],
    // Found in the order of time: some 300 entries for each.
    ['a tenant', { tenant: 't-7' }, 20_000],
  ])('a page narrowed to %s reads some rows of it', async (_, narrowed, most = 5000) => {
    await settled();
    const before = await read();
    const { audit } = await platform({ ...narrowed, limit: '50' });
    expect(audit.length).toBeGreaterThan(30);
    await waitFor(async () => (await read()) > before, 'the rows to be counted');
    expect((await settled()) - before).toBeLessThan(most);
  });

  it('pages through entries of one moment without loss or repeat', async () => {
    await query(
      board.databaseUrl,
      `INSERT INTO audit (at, by, action, target, tenants)
       SELECT $1::timestamptz, 'same', 'token.create', n::text, '{}' FROM generate_series(1, 25) n`,
      [DAY],
    );
    const targets: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page: Page = await platform({ by: 'same', limit: '10', ...(cursor === undefined ? {} : { cursor }) });
      targets.push(...page.audit.map(({ target }) => target));
      cursor = page.next;
    }
    expect(targets).toEqual(Array.from({ length: 25 }, (_, index) => String(25 - index)));
  });
});
