/** Messages that a version before 2026-11-27 has stored and not acknowledged: its keys were others. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import { admitEvent } from '../../src/events/log/event.js';
import { IngestService } from '../../src/events/live/ingest.service.js';
import { NatsSource } from '../../src/sources/broker/nats.source.js';
import { RedisSource } from '../../src/sources/broker/redis.source.js';
import type { Source } from '../../src/sources/source.js';
import { follow, stopAll } from '../support/agent-sources.js';
import { Broker, describeWithBroker } from '../support/brokers.js';
import { HoldingSink, MemoryCursors } from '../support/call-log-harness.js';
import { query } from '../support/database.js';
import { jetStreamPublisher, redisStreamPublisher } from '../support/publishers.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

const fields = (n: number) => ({ agent: 'mara', callId: 'c', n });

afterEach(stopAll);

const brokers = {
  nats: {
    path: '/agents.events',
    publisher: jetStreamPublisher,
    source: (url: string): Source => new NatsSource(url, new MemoryCursors()),
    /** Of the first message. */
    formerIdentity: async (url: string): Promise<unknown[]> => {
      const connection = await connect({ servers: url });
      const { created } = await (await jetstreamManager(connection)).streams.info('AGENTS');
      await connection.close();
      return ['jetstream', 'AGENTS', created, 1, 0];
    },
  },
  redis: {
    path: '/agents?group=sw',
    publisher: redisStreamPublisher,
    source: (url: string): Source => new RedisSource(url),
    formerIdentity: async (url: string): Promise<unknown[]> => {
      const client = new Redis(url);
      const [first] = await client.xrange('agents', '-', '+', 'COUNT', 1);
      client.disconnect();
      return ['redis-stream', `${url}/agents?group=sw`, first?.[0], 0];
    },
  },
};

describe.each(['nats', 'redis'] as const)('with %s', (kind) => {
  describeWithBroker(kind, 'what an earlier version has stored', () => {
    it.each([
      ['comes again without its acknowledgement', true],
      ['is read again from the beginning', false],
    ])('is recognised when it %s', async (_, wasGiven) => {
      const { path, publisher: connectTo, source, formerIdentity } = brokers[kind];
      const broker = await Broker.start(kind);
      const [publisher, earlier] = [await connectTo(broker), await Switchboard.start()];
      let board: Switchboard | undefined;
      try {
        for (const n of [1, 2]) await publisher.publish(JSON.stringify({ event: 'note.added', ...fields(n) }));
        const identity = await formerIdentity(broker.url);
        const stored = { type: 'note.added', agent: 'mara', callId: 'c', at: undefined, ephemeral: false, identity };
        const event = admitEvent({ ...stored, data: fields(1) }, new Date());
        await earlier.app.get(IngestService).submit([event], null);
        if (wasGiven) {
          const run = await follow(source(broker.url + path), new HoldingSink());
          await run.sink.until((events) => events.length === 2);
          run.stop();
          await run.ended;
        }
        board = await earlier.beside({ SOURCES: broker.url + path });
        await waitFor(async () => (await publisher.owed()) === 0, 'acknowledgements');
        const rows = await query(board.databaseUrl, `SELECT data::json->>'n' AS n FROM events ORDER BY position`);
        expect(rows).toEqual([{ n: '1' }, { n: '2' }]);
      } finally {
        await board?.stop();
        await publisher.close();
        await earlier.stop();
        await broker.stop();
      }
    });
  });
});
