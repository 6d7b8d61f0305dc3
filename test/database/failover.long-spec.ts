/**
 * A standby that was behind takes the primary's place: readers are told what they miss, and no number is given twice
 * (promise 2).
 */
import { Replicas } from '../support/replicas.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message, texts } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

it('a failover to a standby that is behind: log.gap, never a number that was given before', async () => {
  const replicas = await Replicas.start();
  const board = await Switchboard.start({ DATABASE_URL: replicas.url });
  try {
    const [agent, call] = [fresh('mara'), fresh('call')];
    const { token } = await board.createTenant({ agents: [agent] });
    for (const n of [1, 2, 3]) await board.ingest(message(agent, call, n));
    await replicas.follow();
    await replicas.cutReplication();
    const reader = await board.open('/v1/events?after=0', { token });
    for (const n of [4, 5, 6, 7]) await board.ingest(message(agent, call, n));
    await reader.until(() => reader.of('user.message').length === 7, 'what the standby never heard of');
    // Asked all the time, so that no look at the log comes between its promotion and an event.
    const statuses = new Set<number>();
    const answer = waitFor(async () => {
      const { status } = await board.admin('POST', '/v1/ingest', message(agent, call, 8));
      statuses.add(status);
      return status === 200;
    }, 'an answer of the new primary');
    await Promise.all([replicas.failOver(), answer]);
    expect([...statuses].filter((status) => ![200, 503].includes(status))).toEqual([]);
    await reader.untilType('stream.closing');
    expect(reader.of('user.message').map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    const again = await board.open('/v1/events', { token, lastEventId: '7' });
    await again.until(() => again.of('user.message').length === 1, 'what came since');
    const [{ id } = { id: '' }] = again.of('user.message');
    const gaps = again.of('log.gap').map(({ data }) => data);
    expect(gaps).toEqual([{ after: 7, resumeFrom: Number(id) - 1, reason: 'unknown' }]);
    expect(Number(id)).toBeGreaterThan(1e12);
    expect(texts(again.of('user.message'))).toEqual(['text 8']);
  } finally {
    await board.stop();
    await replicas.stop();
  }
});
