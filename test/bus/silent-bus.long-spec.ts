/** A way to the bus on which nothing comes through any more, and nobody says so. */
import { Bus } from '../../src/bus/bus.js';
import { Broker, type BrokerKind, withBroker } from '../support/brokers.js';
import { DatabaseWay } from '../support/database-way.js';
import { Switchboard } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

const kinds: BrokerKind[] = ['nats', 'redis'];

it.each(kinds.filter((kind) => withBroker(kind)))(
  'a silent way to %s is noticed, said, and left behind',
  async (kind) => {
    const broker = await Broker.start(kind);
    const way = await DatabaseWay.to(broker.url);
    const board = await Switchboard.start({ BUS_URL: way.url });
    const bus = board.app.get(Bus);
    const readyz = async () => (await board.request<{ bus: object }>('GET', '/readyz')).body.bus;
    await waitFor(() => bus.connected, 'the bus');
    expect(await readyz()).toEqual({ state: 'up' });
    way.fallSilent();
    await waitFor(() => !bus.connected, 'word of the silence', 10_000);
    expect(await readyz()).toEqual({ state: 'away' });
    way.open();
    await waitFor(() => bus.connected, 'the bus again');
    await board.stop();
    way.stop();
    await broker.stop();
  },
);
