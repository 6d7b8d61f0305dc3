/** What a source may hold while the database is away, and what becomes of the rest. */
import { NatsSource } from '../../src/sources/broker/nats.source.js';
import { SourceCursors } from '../../src/sources/source-cursors.js';
import { LossySink } from '../../src/sources/lossy-sink.js';
import type { DecodedEvent } from '../../src/events/log/event.js';
import { Broker, describeWithBroker } from '../support/brokers.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { query } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';
import { connect } from '@nats-io/transport-node';
import { waitFor } from '../support/wait-for.js';

/** A sink that commits when it is told to. */
class SlowSink extends CollectingSink {
  private readonly commits: (() => void)[] = [];

  override push(events: readonly DecodedEvent[]): Promise<void> {
    this.events.push(...events);
    return new Promise((resolve) => this.commits.push(resolve));
  }

  async commit(): Promise<void> {
    for (const commit of this.commits.splice(0)) commit();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const event = (callId: string | null, n: number, ephemeral = false): DecodedEvent => ({
  type: 'user.message',
  agent: 'mara',
  callId,
  at: undefined,
  ephemeral,
  identity: undefined,
  data: { n },
});
const gapsIn = ({ events }: CollectingSink) =>
  events
    .filter(({ type }) => type === 'log.gap')
    .map(({ agent, callId, data }) => ({ agent, callId, lost: data['lost'] }));

describe('a wire that cannot wait', () => {
  it('is held up to a number of events; what is lost is told to the readers of its calls, in its place', async () => {
    const sink = new SlowSink();
    const lossy = new LossySink('test', sink);
    for (let n = 0; n < 10_000; n++) void lossy.push([event('one', n)]);
    void lossy.push([event('one', 10_000)]);
    void lossy.push([event('one', 10_001), event('two', 10_002), event('two', 10_003, true), event(null, 10_004)]);
    expect(sink.events).toHaveLength(10_000);
    await sink.commit();
    void lossy.push([event('one', 10_005)]);
    expect(gapsIn(sink)).toEqual([
      { agent: 'mara', callId: 'one', lost: 2 },
      { agent: 'mara', callId: 'two', lost: 1 },
      { agent: 'mara', callId: null, lost: 1 },
    ]);
    expect(sink.events.at(-1)?.data).toEqual({ n: 10_005 });
  });

  it('is held up to a number of bytes, and remembers a bounded number of calls', async () => {
    const sink = new SlowSink();
    const lossy = new LossySink('test', sink);
    for (let n = 0; n < 40; n++) void lossy.push([event('large', n)], 1024 * 1024);
    expect(sink.events).toHaveLength(32);
    for (let n = 0; n < 5000; n++) void lossy.push([event(`call ${n}`, n)], 100);
    await sink.commit();
    const gaps = gapsIn(sink);
    expect(gaps).toHaveLength(1001);
    expect(gaps.at(-1)).toEqual({ agent: 'mara', callId: null, lost: 4001 });
    await sink.commit();
    void lossy.push([event('large', 1)], 1024 * 1024);
    expect(sink.events.at(-1)?.data).toEqual({ n: 1 });
  });
});

describeWithBroker('nats', 'core NATS', () => {
  it('goes on within its bounds while nothing is committed', async () => {
    const broker = await Broker.start('nats');
    const sink = new SlowSink();
    const abort = new AbortController();
    const source = new NatsSource(`${broker.url}/agents.plain`, {
      load: () => Promise.resolve(new Map()),
      save: () => Promise.resolve(),
    });
    let isLive = false;
    const running = source.run(sink, () => (isLive = true), abort.signal);
    const publisher = await connect({ servers: broker.url });
    try {
      await waitFor(() => isLive, 'the source');
      const text = (n: number) => JSON.stringify({ event: 'user.message', agent: 'mara', callId: 'one', n });
      for (let n = 0; n < 12_000; n++) publisher.publish('agents.plain', text(n));
      await publisher.flush();
      await waitFor(() => sink.events.length === 10_000, 'what is held');
      publisher.publish('agents.plain', text(12_000));
      await publisher.flush();
      expect(sink.events).toHaveLength(10_000);
      await sink.commit();
      await waitFor(() => gapsIn(sink).length === 1, 'the gap');
    } finally {
      await publisher.close();
      abort.abort();
      await running;
      await broker.stop();
    }
  });
});

describe('cursors', () => {
  it('of calls that are over are found when asked for, not loaded, and expire', async () => {
    const board = await Switchboard.start();
    try {
      const cursors = board.app.get(SourceCursors);
      await cursors.save('voice', 'agent:mara', 7, true);
      await cursors.save('voice', 'call:open', 3, false);
      await cursors.save('voice', 'call:over', 9, true);
      await query(
        board.databaseUrl,
        `INSERT INTO source_cursors (source, log, cursor, done, updated_at)
         SELECT 'voice', 'call:' || n, 1, true, now() - interval '91 days' FROM generate_series(1, 2500) n`,
      );
      expect([...(await cursors.load('voice')).keys()].sort()).toEqual(['agent:mara', 'call:open']);
      expect(await cursors.find('voice', 'call:over')).toEqual({ cursor: 9, done: true });
      await cursors.expire();
      expect(await query(board.databaseUrl, 'SELECT log FROM source_cursors ORDER BY log')).toEqual([
        { log: 'agent:mara' },
        { log: 'call:open' },
        { log: 'call:over' },
      ]);
    } finally {
      await board.stop();
    }
  });
});
