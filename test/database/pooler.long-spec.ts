/** PgBouncer in front of PostgreSQL: by session everything works, by transaction the start refuses it. */
import { assertDatabaseFits } from '../../src/database/database-check.js';
import { migrate } from '../../src/database/migrate.js';
import { settleSchema } from '../../src/database/schema.js';
import { message, word } from '../support/things.js';
import { createDatabase, createEmptyDatabase } from '../support/database.js';
import { PgBouncer, describeBehindPgBouncer } from '../support/pgbouncer.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

describeBehindPgBouncer('behind PgBouncer', () => {
  /** What would be sent as a parameter of the start is what PgBouncer refuses. */
  const QUERY =
    'schema=sb&application_name=app&connect_timeout=5&client_encoding=UTF8&options=-c%20jit%3Doff%20-c%20lock_timeout%3D9s';

  // For libpq; where it counts, it stands in the URL (config/env.ts).
  beforeEach(() => (process.env['PGOPTIONS'] = '-c jit=off'));
  afterEach(() => delete process.env['PGOPTIONS']);

  it('by session: it starts, answers everything, and its processes hear each other', async () => {
    const database = await createEmptyDatabase();
    const bouncer = await PgBouncer.start(database.url, 'session');
    const url = await settleSchema(bouncer.to(database.url, QUERY));
    expect(await assertDatabaseFits(url, true)).toEqual(
      expect.not.arrayContaining([expect.stringContaining('DATABASE_URL')]),
    );
    expect((await migrate(url)).length).toBeGreaterThan(10);
    const one = await Switchboard.start({ DATABASE_URL: url });
    const two = await one.beside();
    const acme = await one.createTenant({ agents: ['mara'] });
    const reader = await two.open('/v1/events', { token: acme.token });
    await reader.untilType('log.caught_up');
    await waitFor(async () => {
      const { body } = await two.request<{ bus: { state: string } }>('GET', '/readyz');
      return body.bus.state === 'up';
    }, 'the listener');
    await one.ingest(message('mara', 'CA', 1), word('mara', 'CA', 'hello'));
    await reader.untilType('bot.word');
    for (const path of ['/v1/calls', '/v1/calls?q=hello', '/v1/calls/CA', '/v1/stats', '/v1/log?after=0']) {
      const { status } = await one.request('GET', path, { token: acme.token });
      expect([path, status]).toEqual([path, 200]);
    }
    await one.stop();
    await two.stop();
    await bouncer.stop();
    await database.drop();
  });

  it('of one connection: the start says how many it takes', async () => {
    const database = await createDatabase();
    const bouncer = await PgBouncer.start(database.url, 'session', ['default_pool_size = 1']);
    const check = assertDatabaseFits(bouncer.to(database.url, 'connect_timeout=1'), true);
    await expect(check).rejects.toThrow(/^it gives us one connection and no second one .*; a process needs up to 25$/);
    await bouncer.stop();
    await database.drop();
  });

  it.each([
    ['transaction', []],
    ['statement', []],
    ['transaction', ['server_round_robin = 1', 'min_pool_size = 3']],
  ])('by %s, %p: the start refuses it in one line that says what to do', async (mode, settings) => {
    const database = await createDatabase();
    const bouncer = await PgBouncer.start(database.url, mode, settings);
    const line =
      /^the pooler .* pools by transaction: let it pool by session \(PgBouncer: pool_mode=session\), or name [^\n]+$/;
    for (let time = 1; time <= 3; time++)
      await expect(assertDatabaseFits(bouncer.to(database.url), true)).rejects.toThrow(line);
    await bouncer.stop();
    await database.drop();
  });
});
