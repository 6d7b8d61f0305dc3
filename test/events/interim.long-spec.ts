/**
 * Words and speech reach every reader in the layout that docs/operations.md recommends: any request goes to any
 * process.
 */
import { Bus } from '../../src/bus/bus.js';
import { Broker, withBroker } from '../support/brokers.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message, word } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const kinds = ['postgres', 'nats', 'redis'] as const;
const buses = kinds.filter((kind) => kind === 'postgres' || withBroker(kind));

describe.each(buses)('three processes without stickiness, their bus %s', (kind) => {
  const boards: Switchboard[] = [];
  let broker: Broker | undefined;
  beforeAll(async () => {
    broker = kind === 'postgres' ? undefined : await Broker.start(kind);
    const variables: Record<string, string> = broker === undefined ? {} : { BUS_URL: broker.url };
    const one = await Switchboard.start(variables);
    boards.push(one, await one.beside(variables), await one.beside(variables));
    for (const board of boards) await waitFor(() => board.app.get(Bus).connected, 'the bus');
  });
  afterAll(async () => {
    for (const board of boards.reverse()) await board.stop();
    await broker?.stop();
  });
  const at = (index: number) => boards[index % boards.length] as Switchboard;

  /**
   * Each turn: a durable event on one process, then five words of its call on others, while others' calls go on. What
   * every reader saw of the call.
   */
  async function converse(
    durableAt: (turn: number) => number,
    wordsAt: (turn: number, n: number) => number,
    othersAt: readonly Switchboard[],
  ) {
    const [agent, call, julia, nobody] = ['mara', 'call', 'julia', 'nobody'].map(fresh) as [
      string,
      string,
      string,
      string,
    ];
    const { token } = await at(0).createTenant({ agents: [agent] });
    await at(0).createTenant({ agents: [julia] });
    const readers = await Promise.all(boards.map((board) => board.open('/v1/events', { token })));
    for (const reader of readers) await reader.untilType('log.caught_up');
    const expected: unknown[] = [];
    for (let turn = 0; turn < 12; turn++) {
      await at(durableAt(turn)).ingest(message(agent, call, turn));
      expected.push(`text ${turn}`);
      const others = othersAt.map((board) =>
        board.ingest(message(julia, fresh('julia'), turn), message(nobody, fresh('nobody'), turn)),
      );
      for (let n = 0; n < 5; n++) {
        await at(wordsAt(turn, n)).ingest(word(agent, call, `word ${turn}.${n}`));
        expected.push(`word ${turn}.${n}`);
      }
      await Promise.all(others);
      const isAll = () => readers.every(({ events }) => events.length === expected.length);
      await waitFor(isAll, `what was said until turn ${turn}`);
    }
    return { seen: readers.map(({ events }) => events.map(({ data }) => data['text'] ?? data['word'])), expected };
  }

  it('deliver all words of a call whose durable events come in elsewhere', async () => {
    const { seen, expected } = await converse(
      () => 0,
      () => 1,
      [at(0), at(2)],
    );
    for (const one of seen) expect(one).toEqual(expected);
  });

  it('deliver all words where every request goes to the next process', async () => {
    const { seen, expected } = await converse(
      (turn) => turn,
      (turn, n) => turn + n + 1,
      boards,
    );
    // Between two processes nothing says which of two words was first.
    for (const one of seen) expect(one.sort()).toEqual(expected.sort());
  });

  it('carry a burst of words, and one that is as long as it may be', async () => {
    const [agent, call] = [fresh('mara'), fresh('call')];
    const { token } = await at(0).createTenant({ agents: [agent] });
    const reader = await at(1).open('/v1/events', { token });
    await reader.untilType('log.caught_up');
    await at(0).ingest(message(agent, call, 0));
    const spoken = Array.from({ length: 300 }, (_, n) => `${n} ${'ü€😀"'.repeat(n % 20)}`);
    await at(0).ingest(...spoken.map((text) => word(agent, call, text)), word(agent, call, '😀"'.repeat(8000)));
    await reader.untilType('bot.word', 301);
    expect(reader.of('bot.word').map(({ data }) => data['word'])).toEqual([...spoken, '😀"'.repeat(8000)]);
  });
});
