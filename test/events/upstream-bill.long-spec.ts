/** What an upstream charges for a call is the operator's bill: no tenant ever sees it, wherever its events come out. */
import type { Bill } from '../../src/calls/fold/bill.js';
import { settled } from '../support/calls.js';
import { logOf } from '../support/pinecall2-log.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const duration = 12345678901234567890n.toString();
/** The events of one call, by its generation, and what the operator is told that it cost. */
const GENERATIONS: readonly [string, (agent: string, callId: string) => readonly object[], Bill][] = [
  [
    'first',
    (agent, callId) => [
      { event: 'call.started', agent, callId },
      { event: 'call.summary', agent, callId, reason: 'hangup', cost: 0.0412, duration },
    ],
    { amount: 0.0412, currency: null, rows: null },
  ],
  [
    'second',
    (agent, callId) => logOf(callId, agent).filter(({ ephemeral }) => ephemeral !== true),
    {
      amount: 0.0352,
      currency: 'USD',
      rows: [
        { provider: 'vendor-z', usd: 0.0312 },
        { unit: 'judging', amount: 0.004 },
      ],
    },
  ],
];
/** Words of a bill, by which a leak would show. */
const BILL = /cost|0\.0412|0\.0312|0\.004|vendor-z|unit_price/;

it.each(GENERATIONS)(
  'of the %s generation stays with the operator, wherever its events come out',
  async (_, events, bill) => {
    const agent = fresh('mara');
    const { token } = await board.createTenant({ agents: [agent] });
    const types = ['call.summary', 'call.score'];
    const streams = await Promise.all([
      ...['', '?format=cloudevents'].map((query) => board.open(`/v1/events${query}`, { token })),
      board.open('/v1/admin/events', { token: board.adminToken }),
    ]);
    for (const stream of streams) await stream.untilType('connected');
    const callId = fresh('CA');
    const all = events(agent, callId);
    await board.ingest(...all);
    const told = types.filter((type) => JSON.stringify(all).includes(`"${type}"`));
    const frames = async (stream: (typeof streams)[number]) => {
      let text = '';
      for (const type of told) text += JSON.stringify((await stream.untilType(type)).data);
      return text;
    };
    const [live, cloud, operator] = await Promise.all(streams.map(frames));
    const replayed = await frames(await board.open('/v1/events?after=0', { token }));
    await settled(board);
    const pages = ['/v1/log?limit=500', `/v1/calls/${callId}`, '/v1/calls', '/v1/stats', '/v1/audit'];
    const texts = await Promise.all(pages.map(async (path) => (await board.request('GET', path, { token })).text));
    expect(operator).toMatch(BILL);
    for (const text of [live, cloud, replayed, ...texts]) expect(text).not.toMatch(BILL);
    expect(texts[0]).toContain('hangup');
    const { body } = await board.request<{ cost: Bill }>('GET', `/v1/admin/calls/${callId}`, {
      token: board.adminToken,
    });
    expect(body.cost).toEqual(bill);
  },
);
