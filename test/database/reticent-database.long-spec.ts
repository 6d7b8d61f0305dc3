/**
 * A database that does not say which cluster it is, as some hosted ones: the broker bus starts all the same, and a
 * failover is seen.
 */
import { PgPool } from '../../src/database/pg-pool.js';
import { Subjects } from '../../src/bus/subjects.js';
import { Broker, describeWithBroker } from '../support/brokers.js';
import { createDatabase } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message, word } from '../support/things.js';
import { TroubledDatabase } from '../support/troubled-database.js';
import { waitFor } from '../support/wait-for.js';

const isUp = async (board: Switchboard) =>
  ((await board.request('GET', '/readyz')).body['bus'] as { state: string }).state === 'up';

describeWithBroker('redis', 'a database where pg_control_system is refused', () => {
  let database: TroubledDatabase;
  let broker: Broker;
  let board: Switchboard;
  let beside: Switchboard;
  beforeAll(async () => {
    [database, broker] = [await TroubledDatabase.create(), await Broker.start('redis')];
    await database.run('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC');
    board = await Switchboard.start({ DATABASE_URL: database.url, BUS_URL: broker.url });
    beside = await board.beside({ BUS_URL: broker.url });
  });
  afterAll(async () => {
    await beside.stop();
    await board.stop();
    await broker.stop();
    await database.drop();
  });

  it('has a bus: what one process says, the other hears, and no other installation', async () => {
    for (const one of [board, beside]) await waitFor(() => isUp(one), 'a bus');
    const [agent, call] = [fresh('mara'), fresh('call')];
    const { token } = await board.createTenant({ agents: [agent] });
    const reader = await beside.open('/v1/events', { token });
    await reader.untilType('log.caught_up');
    await board.ingest(message(agent, call, 1), word(agent, call, 'hello'));
    await reader.untilType('bot.word');
    const other = await createDatabase();
    const pools = [new PgPool(database.url), new PgPool(database.url)];
    const elsewhere = await Switchboard.start({ DATABASE_URL: other.url });
    pools.push(new PgPool(other.url));
    const names = (await Promise.all(pools.map((pool) => Subjects.of(pool)))).map(({ all }) => all);
    expect(names[0]).toBe(names[1]);
    expect(names[2]).not.toBe(names[0]);
    for (const pool of pools) await pool.onApplicationShutdown();
    await elsewhere.stop();
    await other.drop();
  });

  it('sees that it was promoted, by its timeline', async () => {
    const resumed = async () =>
      Number((await database.run('SELECT resumed_after FROM log_lineage'))[0]?.['resumed_after']);
    expect(await resumed()).toBe(0);
    await database.run(`UPDATE log_lineage SET database = regexp_replace(database, '/[0-9A-F]{8}/', '/00000000/')`);
    await waitFor(async () => (await resumed()) > 1e12, 'numbers that go on');
  });
});
