/** Security rule 7: where nobody can say who may still read, streams end, and their readers resume. */
import { jest } from '@jest/globals';
import { createDatabase } from '../support/database.js';
import { DatabaseWay } from '../support/database-way.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message, texts } from '../support/things.js';

let board: Switchboard;
let way: DatabaseWay;
let database: { url: string; drop(): Promise<void> };
// One each: of a clock that was turned forward nothing may be left.
beforeEach(async () => {
  database = await createDatabase();
  way = await DatabaseWay.to(database.url);
  board = await Switchboard.start({ DATABASE_URL: way.url, STREAM_PING_SECONDS: '1' });
});
afterEach(async () => {
  jest.restoreAllMocks();
  way.open();
  await board.stop();
  way.stop();
  await database.drop();
});

/** Lets so much time pass for the server as it reads the monotonic clock; timers go on as they are. */
function pass(seconds: number): void {
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + seconds * 1000);
}

describe.each([
  ['is away', () => way.cut()],
  ['has fallen silent', () => way.fallSilent()],
])('while the database %s', (_, lose) => {
  it('a stream goes on with pings, and ends after 30 s; its reader resumes, and has missed nothing', async () => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const reader = await board.open('/events?after=0', { token });
    await board.ingest(message(agent, agent, 1));
    await reader.untilType('user.message');
    lose();
    const pings = reader.comments.length;
    await reader.until(() => reader.comments.length > pings + 1, 'pings');
    expect(reader.of('stream.closing')).toEqual([]);
    pass(31);
    const { data } = await reader.untilType('stream.closing');
    expect(data).toMatchObject({ type: '/problems/unavailable', retry: expect.any(Number) });
    await reader.until(() => reader.ended);
    jest.restoreAllMocks();
    way.open();
    await board.ingest(message(agent, agent, 2));
    const resumed = await board.open('/events', { token, lastEventId: reader.lastEventId ?? '' });
    await resumed.untilType('user.message');
    expect(texts(resumed.events)).toEqual(['text 2']);
    await resumed.until(() => resumed.comments.length > 1, 'a stream that stays open');
    expect(resumed.of('stream.closing')).toEqual([]);
  });
});
