/** A stream shows what was asked for of its tenant’s, and nothing of another’s. */
import { randomUUID } from 'node:crypto';
import { Switchboard } from '../support/switchboard.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

/** Names of one's own, so that tests run in any order. */
const fresh = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const message = (agent: string, callId: string, n: number | string) => ({
  event: 'user.message',
  agent,
  callId,
  messageId: `m${n}`,
  text: `text ${n}`,
});

describe('a narrowed stream', () => {
  it('lets filters only narrow: agents, types, prefixes, one agent, one call', async () => {
    const [mara, lucia, one, two] = [fresh('mara'), fresh('lucia'), fresh('call'), fresh('call')];
    const { token } = await board.createTenant({ agents: [mara, lucia] });
    await board.ingest(
      { event: 'call.started', agent: mara, callId: one },
      { event: 'call.started', agent: lucia, callId: two },
      message(mara, one, 1),
      message(lucia, two, 1),
      { event: 'call.ended', agent: mara, callId: one },
    );
    const seen = async (path: string) => {
      const reader = await board.open(path, { token });
      await reader.untilType('log.caught_up');
      const backlog = reader.events.map(({ id }) => Number(id));
      reader.close();
      return backlog;
    };
    expect(await seen(`/v1/events?after=0&agents=${mara}`)).toEqual([1, 3, 5]);
    expect(await seen(`/v1/events?after=0&agents=${mara},${lucia}`)).toEqual([1, 2, 3, 4, 5]);
    expect(await seen('/v1/events?after=0&types=call.*')).toEqual([1, 2, 5]);
    expect(await seen('/v1/events?after=0&types=user.message,call.ended')).toEqual([3, 4, 5]);
    expect(await seen('/v1/events?after=0&types=call')).toEqual([]);
    expect(await seen(`/v1/agents/${lucia}/events?after=0`)).toEqual([2, 4]);
    expect(await seen(`/events/${lucia}?after=2`)).toEqual([4]);
    expect(await seen(`/v1/calls/${one}/events`)).toEqual([1, 3, 5]);
    expect(await seen(`/v1/calls/${one}/events?after=1&types=call.*`)).toEqual([5]);
  });

  it('applies the same filters live', async () => {
    const [mara, lucia, one, two] = [fresh('mara'), fresh('lucia'), fresh('call'), fresh('call')];
    const { token } = await board.createTenant({ agents: [mara, lucia] });
    await board.ingest({ event: 'call.started', agent: mara, callId: one });
    const paths = {
      all: '/events',
      agent: `/events/${mara}`,
      types: '/events?types=user.*',
      call: `/v1/calls/${one}/events?after=1`,
      both: `/events?agents=${lucia}&types=call.*`,
    };
    const readers = Object.fromEntries(
      await Promise.all(
        Object.entries(paths).map(async ([name, path]) => [name, await board.open(path, { token })] as const),
      ),
    );
    for (const reader of Object.values(readers)) await reader.untilType('log.caught_up');
    await board.ingest(
      { event: 'call.started', agent: lucia, callId: two },
      message(mara, one, 1),
      message(lucia, two, 1),
      { event: 'call.ended', agent: mara, callId: one },
    );
    await readers['all']?.untilType('call.ended');
    const ids = Object.fromEntries(
      Object.entries(readers).map(([name, reader]) => [name, reader.events.map(({ id }) => Number(id))]),
    );
    expect(ids).toEqual({ all: [2, 3, 4, 5], agent: [3, 5], types: [3, 4], call: [3, 5], both: [2] });
  });

  it.each([
    ['agents=', 400],
    ['types=', 400],
    ['agents=,', 400],
    ['types=*', 400],
    ['types=call.*,', 400],
    ['surprise=1', 400],
    ['agents=nobody', 404],
  ])('refuses ?%s with %i, never widening it', async (query, status) => {
    const { token } = await board.createTenant({ agents: [fresh('mara')] });
    const answer = await board.request('GET', `/v1/events?${query}`, { token });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      type: status === 404 ? '/problems/agent-not-found' : '/problems/validation',
      status,
    });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('does not tell another tenant’s agent or call from one that is not there', async () => {
    const [theirs, call] = [fresh('julia'), fresh('call')];
    await board.createTenant({ agents: [theirs] });
    await board.ingest({ event: 'call.started', agent: theirs, callId: call });
    const { token } = await board.createTenant({ agents: [fresh('mara')] });
    const answers = async (paths: string[]) =>
      Promise.all(
        paths.map(async (path) => {
          const { status, body, headers } = await board.request('GET', path, { token });
          return {
            status,
            body: { ...body, instance: '' },
            headers: [...headers.keys()].filter((name) => name !== 'date').sort(),
          };
        }),
      );
    const [agent, ghost, filter, ghostFilter] = await answers([
      `/events/${theirs}`,
      `/events/${fresh('x')}`,
      `/events?agents=${theirs}`,
      `/events?agents=${fresh('x')}`,
    ]);
    expect(agent).toEqual(ghost);
    expect(filter).toEqual(ghostFilter);
    expect(agent?.status).toBe(404);
    const [itsCall, ghostCall] = await answers([`/v1/calls/${call}/events`, `/v1/calls/${fresh('x')}/events`]);
    expect(itsCall).toEqual(ghostCall);
    expect(itsCall?.body).toMatchObject({ type: '/problems/call-not-found' });
  });
});
