/** What a list of calls is narrowed to: when, how, and how it ended. */
import { callsOf, ended, idsIn, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const hour = (hours: number) => new Date(Date.parse('2026-11-20T00:00:00Z') + hours * 3_600_000).toISOString();

describe('a list of calls', () => {
  it('is narrowed by dates, outcome, transport, direction and length, by all of them at once, for admins too', async () => {
    const agent = fresh('agent');
    const acme = await board.createTenant({ agents: [agent] });
    const [short, long, out, web, lost] = ['short', 'long', 'out', 'web', 'lost'].map((name) => fresh(name));
    if (!short || !long || !out || !web || !lost) throw new Error('no names');
    await board.ingest(
      started(agent, short, { at: hour(1) }),
      ended(agent, short, { at: hour(1), duration: 5 }),
      started(agent, long, { at: hour(2) }),
      ended(agent, long, { at: hour(3), duration: 3600, reason: 'no_answer' }),
      started(agent, out, { at: hour(4), direction: 'outbound', from: '"direction":{"value":"inbound"' }),
      ended(agent, out, { at: hour(4), duration: 60 }),
      started(agent, web, { at: hour(5), transport: 'webrtc' }),
      ended(agent, web, { at: hour(5), duration: 61, reason: undefined }),
      started(agent, lost, { at: hour(6), transport: undefined }),
    );
    const asked: Record<string, string[]> = {
      [`from=${hour(2)}&to=${hour(5)}`]: [out, long],
      'from=2026-11-21': [],
      'reason=no_answer': [long],
      'reason=lost': [lost],
      'reason=no_answer,lost': [lost, long],
      'reason=unknown': [web],
      'transport=webrtc': [web],
      'transport=unknown': [lost],
      'direction=outbound': [out],
      'direction=inbound': [lost, web, long, short],
      'minDuration=60': [web, out, long],
      'minDuration=6&maxDuration=60': [out],
      [`transport=phone&direction=inbound&from=${hour(1)}&to=${hour(2)}&maxDuration=10&reason=hangup`]: [short],
    };
    for (const [query, calls] of Object.entries(asked)) {
      const own = await callsOf(board, acme, `?${query}`);
      expect([query, own.body.calls ? idsIn(own) : own.body]).toEqual([query, calls]);
      const { body } = await board.admin<{ calls: { callId: string }[] }>(
        'GET',
        `/v1/admin/calls?tenants=${acme.id}&${query}`,
      );
      expect([query, body.calls.map(({ callId }) => callId)]).toEqual([query, calls]);
    }
  });

  it('says what is wrong with what it is asked for', async () => {
    const acme = await board.createTenant({});
    for (const query of ['from=yesterday', 'reason=', 'transport=a b', 'direction=up', 'minDuration=-1']) {
      const { status, body } = await callsOf(board, acme, `?${query}`);
      expect([query, status, body]).toMatchObject([query, 400, { type: '/problems/validation' }]);
    }
  });
});
