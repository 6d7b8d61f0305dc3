/** What one tenant's reading costs is bounded, and costs nobody else (issue 13, rows 5, 6 and 8). */
import { createDatabase, query } from '../support/database.js';
import { fillLog } from '../support/filled-log.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { message } from '../support/things.js';

interface LogAnswer {
  readonly events: readonly { readonly id: string; readonly type: string }[];
  readonly next: string;
  readonly live: boolean;
}

const pageOf = async (home: Switchboard, tenant: TestTenant, parameters: string) => {
  const { status, body, text } = await home.request<LogAnswer>('GET', `/v1/log?${parameters}`, { token: tenant.token });
  if (status !== 200) throw new Error(`${status} ${text}`);
  return { ...body, bytes: text.length };
};

describe('a filter over a long log', () => {
  const EVENTS = 110_000;
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let home: Switchboard;
  let tenant: TestTenant;
  beforeAll(async () => {
    database = await createDatabase();
    const type = `CASE WHEN n IN (30000, ${EVENTS - 5}) THEN 'call.rare' ELSE 'bot.said' END`;
    await fillLog(database.url, { tenant: 'acme', agent: 'mara', events: EVENTS, type });
    home = await Switchboard.start({ DATABASE_URL: database.url });
    tenant = await home.createToken('acme');
  });
  afterAll(async () => {
    await home.stop();
    await database.drop();
  });

  it('is answered in pieces of bounded cost, which go on from what was looked at, found or not', async () => {
    const found: string[] = [];
    let [after, live, pages] = [0, false, 0];
    while (!live) {
      const page = await pageOf(home, tenant, `types=call.*&after=${after}`);
      // Five windows of 20,000 at most, fewer from a slow database; each may end at the edge of a chunk of 4,096.
      expect(Number(page.next)).toBeGreaterThan(after);
      expect(Number(page.next)).toBeLessThanOrEqual(after + 5 * (20_000 + 4096));
      found.push(...page.events.map(({ id }) => id));
      [after, live, pages] = [Number(page.next), page.live, pages + 1];
    }
    expect({ found, after }).toEqual({ found: ['30000', String(EVENTS - 5)], after: EVENTS });
    expect(pages).toBeGreaterThan(1);
    expect(await pageOf(home, tenant, `types=call.rare&limit=1`)).toMatchObject({ next: '30000', live: false });
  });

  it('moves a stream’s cursor over what it leaves out: who comes back looks at nothing twice', async () => {
    const stream = await home.open('/v1/events?types=call.rare&after=0', { token: tenant.token });
    await stream.untilType('log.caught_up');
    expect(stream.events.map(({ id }) => id)).toEqual(['30000', String(EVENTS - 5)]);
    expect(stream.lastEventId).toBe(String(EVENTS));
    const admin = await home.open('/v1/admin/events?types=call.rare&after=1', { token: home.adminToken });
    await admin.untilType('log.caught_up');
    expect([admin.events.length, admin.lastEventId]).toEqual([2, String(EVENTS)]);
  });
});

describe('events of 60 KB', () => {
  const EVENTS = 150;
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let home: Switchboard;
  let tenant: TestTenant;
  beforeAll(async () => {
    database = await createDatabase();
    const data = `'{"callId":"c","text":"' || repeat('x', 60000) || '"}'`;
    await fillLog(database.url, { tenant: 'acme', agent: 'mara', events: EVENTS, data });
    home = await Switchboard.start({ DATABASE_URL: database.url });
    tenant = await home.createToken('acme');
  });
  afterAll(async () => {
    await home.stop();
    await database.drop();
  });

  it('come in pages of some 4 MiB, each event once', async () => {
    const ids: string[] = [];
    for (let page = { next: '0', live: false }; !page.live;) {
      const read = await pageOf(home, tenant, `limit=1000&after=${page.next}`);
      expect(read.bytes).toBeLessThan(4.2 * 1024 * 1024);
      ids.push(...read.events.map(({ id }) => id));
      page = read;
    }
    expect(ids).toEqual(Array.from({ length: EVENTS }, (_, index) => String(index + 1)));
  });

  it.each(['?after=0', '?after=7', '?after=7&types=bot.said', '?after=100&agents=mara'])(
    'stream %s',
    async (filter) => {
      const stream = await home.open(`/v1/events${filter}`, { token: tenant.token });
      await stream.untilType('log.caught_up');
      const after = Number(/after=(\d+)/.exec(filter)?.[1]);
      const wanted = Array.from({ length: EVENTS - after }, (_, index) => String(after + index + 1));
      expect(stream.events.map(({ id }) => id)).toEqual(wanted);
    },
  );
});

describe('a tenant whose look-ups never end', () => {
  let home: Switchboard;
  beforeAll(async () => {
    home = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '10000' });
    // As if there were so much to look through.
    for (const [name, after] of [
      [
        'tenant_log_page',
        '(p_tenant text, p_after bigint, p_until bigint, p_limit int, p_bytes int, p_agents text[], p_types text[])',
      ],
      ['read_tenant_log', '(p_tenant text, p_after bigint, p_limit int, p_agents text[], p_types text[])'],
    ])
      await query(
        home.databaseUrl,
        `DO $do$ BEGIN IF to_regproc('${name}') IS NOT NULL THEN
           ALTER FUNCTION ${name} RENAME TO ${name}_quick;
           EXECUTE $sql$CREATE FUNCTION ${name}${after} RETURNS SETOF events LANGUAGE plpgsql AS $$ BEGIN
             IF p_types IS NOT NULL THEN PERFORM pg_sleep(60); END IF;
             RETURN QUERY SELECT * FROM ${name}_quick(${after?.match(/p_\w+/g)?.join(', ')}); END $$ $sql$;
         END IF; END $do$`,
      );
  });
  afterAll(() => home.stop());

  it('waits for itself; others read, write and lose their rights meanwhile', async () => {
    const costly = await home.createTenant({ agents: ['costly-agent'] });
    const other = await home.createTenant({ agents: ['other-agent'] });
    await home.ingest(...Array.from({ length: 3 }, (_, index) => message('costly-agent', undefined, index)));
    const answers = Array.from({ length: 60 }, () =>
      home.request('GET', '/v1/log?types=zzz', { token: costly.token }).then(({ status }) => status),
    );
    for (let index = 0; index < 12; index += 1)
      await home.open('/v1/events?types=zzz&after=0', { token: costly.token });
    const stream = await home.open('/v1/events?after=0', { token: other.token });
    await home.ingest(message('other-agent', undefined, 1));
    await stream.untilType('log.caught_up');
    await stream.until(({ events }) => events.length === 1);
    expect((await pageOf(home, other, 'after=0')).events).toHaveLength(1);
    expect((await home.request('GET', '/readyz')).status).toBe(200);
    expect((await home.admin('DELETE', `/v1/admin/tokens/${other.tokenId}`)).status).toBe(204);
    await stream.untilType('stream.closing');
    let answered = false;
    const all = Promise.all(answers).finally(() => (answered = true));
    // As the time limit of a statement does, a little earlier.
    const endOne = `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
      AND state = 'active' AND pid <> pg_backend_pid() AND now() - query_start > interval '100 ms'`;
    while (!answered) await query(home.databaseUrl, endOne);
    expect(new Set(await all)).toEqual(new Set([429, 503]));
  });
});
