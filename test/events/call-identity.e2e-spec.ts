/**
 * A call is (tenant, call id): ids are their senders' own, and what one tenant calls its call is no matter to another.
 */
import { settled } from '../support/calls.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const SCOPES = ['events:read', 'events:write', 'agents:read'];

async function party(name: string) {
  const agent = fresh(name);
  return { agent, ...(await board.createTenant({ agents: [agent], scopes: SCOPES })) };
}

const post = (token: string, body: object) =>
  board.request<{ accepted: number; rejected: unknown[] }>('POST', '/v1/ingest', { token, body });
const said = (agent: string, callId: string, text: string, messageId = fresh('m')) => ({
  event: 'user.message',
  agent,
  callId,
  text,
  messageId,
});
const move = (agent: string, from: string | null, tenant: string) =>
  expectStatus(200, board.admin('PUT', `/v1/admin/agents/${agent}/owner`, { from, tenant }));

/** What was said in a tenant's log, of all calls. */
async function textsOf({ token }: { token: string }): Promise<unknown[]> {
  const { body } = await board.request<{ events: { data: Record<string, unknown> }[] }>('GET', '/v1/log', { token });
  return body.events.flatMap(({ data }) => data['text'] ?? []);
}

async function transcriptOf({ token }: { token: string }, call: string): Promise<string[] | number> {
  await settled(board);
  const { status, body } = await board.request<{ transcript: { text: string }[] }>('GET', `/v1/calls/${call}`, {
    token,
  });
  return status === 200 ? body.transcript.map(({ text }) => text) : status;
}

/** A later one than any that was before. */
async function nextMillisecond(): Promise<Date> {
  const now = Date.now();
  await waitFor(() => Date.now() > now, 'a millisecond to pass');
  return new Date();
}

/** An entry of a call's log, as the voice server tells it: `at` says when it happened. */
const entry = (call: string, agent: string, seq: number, type: string, data: object, at = new Date()) => ({
  seq,
  ts: at.getTime() / 1000,
  call,
  agent,
  type,
  ephemeral: false,
  data,
});

describe('two calls of one id', () => {
  it('are two tenants’ own, whoever names it first', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const call = fresh('order');
    await expectStatus(200, post(a.token, said(a.agent, call, 'of a')));
    await expectStatus(200, post(b.token, said(b.agent, call, 'of b')));
    await board.ingest(said(b.agent, call, 'of b by the platform'), said(a.agent, call, 'of a by the platform'));
    expect(await textsOf(a)).toEqual(['of a', 'of a by the platform']);
    expect(await textsOf(b)).toEqual(['of b', 'of b by the platform']);
    expect(await transcriptOf(a, call)).toEqual(['of a', 'of a by the platform']);
    expect(await transcriptOf(b, call)).toEqual(['of b', 'of b by the platform']);
    const stream = await board.open(`/v1/calls/${call}/events`, { token: a.token });
    await stream.untilType('log.caught_up');
    expect(stream.of('user.message').map(({ data }) => data['text'])).toEqual(['of a', 'of a by the platform']);
  });

  it('are told apart by an operator, who says whose is meant', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const call = fresh('order');
    await board.ingest(said(a.agent, call, 'of a'), said(b.agent, call, 'of b'));
    const ask = (query: string) =>
      board.admin<{ tenant: string; errors: { message: string }[] }>('GET', `/v1/admin/calls/${call}${query}`);
    expect(await transcriptOf(a, call)).toEqual(['of a']);
    expect((await ask(`?tenant=${a.id}`)).body.tenant).toBe(a.id);
    expect((await ask(`?tenant=${b.id}`)).body.tenant).toBe(b.id);
    expect((await ask('?unassigned=true')).status).toBe(404);
    const unsaid = await ask('');
    expect([unsaid.status, unsaid.body.errors[0]?.message]).toEqual([400, expect.stringContaining(a.id)]);

    expect((await board.admin('DELETE', `/v1/admin/calls/${call}`)).status).toBe(400);
    expect((await board.admin('DELETE', `/v1/admin/calls/${call}?tenant=${a.id}`)).status).toBe(204);
    await board.ingest(said(a.agent, call, 'late of a'), said(b.agent, call, 'late of b')).catch(() => undefined);
    expect([await transcriptOf(a, call), await textsOf(a)]).toEqual([404, []]);
    expect(await transcriptOf(b, call)).toEqual(['of b', 'late of b']);
    expect((await ask('')).body.tenant).toBe(b.id);
  });

  it('that began at one moment are both in a list, also where a page ends between them', async () => {
    const parties = [await party('a'), await party('b'), await party('c')];
    const [call, at] = [fresh('order'), new Date()];
    await board.ingest(...parties.map(({ agent }) => entry(call, agent, 1, 'call.started', { from: call }, at)));
    await settled(board);
    const listed: string[] = [];
    for (let cursor = ''; listed.length <= parties.length;) {
      const path = `/v1/admin/calls?q=${call}&limit=1${cursor}`;
      const { body } = await board.admin<{ calls: { tenant: string }[]; next: string | null }>('GET', path);
      listed.push(...body.calls.map(({ tenant }) => tenant));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(listed).toEqual(parties.map(({ id }) => id).sort((one, other) => (one < other ? 1 : -1)));
  });

  it('are explained each by its own stamp', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const call = fresh('order');
    const admin = await board.open('/v1/admin/events', { token: board.adminToken });
    await admin.untilType('connected');
    await board.ingest(said(a.agent, call, 'of a'), said(b.agent, call, 'of b'));
    await admin.until((one) => one.of('user.message').length === 2, 'both events');
    const ofB = admin.frames.at(-1);
    const explain = async (tenant: string) =>
      (
        await board.admin<{ delivered: boolean; summary: string }>(
          'GET',
          `/v1/admin/explain?tenant=${tenant}&event=${ofB?.id}`,
        )
      ).body;
    expect(await explain(b.id)).toMatchObject({ delivered: true });
    const { delivered, summary } = await explain(a.id);
    expect([delivered, summary]).toEqual([false, expect.stringContaining(`${b.id}'s`)]);
  });
});

describe('a tenant’s writer', () => {
  it('cannot take a session by naming it in a word that is not stored', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const session = fresh('wa-34611222333');
    await expectStatus(200, post(a.token, { event: 'user.speaking', agent: a.agent, callId: session, text: 'mine' }));
    await board.ingest(said(b.agent, session, 'of b'));
    expect([await textsOf(a), await textsOf(b)]).toEqual([[], ['of b']]);
  });

  it('is answered alike about agents that are foreign, unowned and unknown, in any call', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const unowned = fresh('nobody');
    const [own, theirs] = [fresh('own'), fresh('theirs')];
    await board.ingest(said(a.agent, own, 'x'), said(b.agent, theirs, 'x'), said(unowned, fresh('c'), 'x'));
    const answers = new Set<string>();
    for (const agent of [b.agent, unowned, fresh('unknown')])
      for (const call of [own, theirs, fresh('new')]) {
        const { status, body } = await post(a.token, said(agent, call, 'x'));
        answers.add(JSON.stringify([status, { ...body, instance: '' }]));
      }
    expect([...answers].map((answer) => answer.slice(0, 4))).toEqual(['[400']);
    expect(await textsOf(b)).toEqual(['x']);
  });

  it('cannot lay hands on calls that an agent makes when it is no longer its own', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const guessed = fresh('order-1003');
    await expectStatus(200, post(a.token, said(a.agent, guessed, 'first')));
    await move(a.agent, a.id, b.id);
    await board.ingest(said(a.agent, guessed, 'of b'));
    expect([await textsOf(a), await textsOf(b)]).toEqual([['first'], ['of b']]);
  });

  it('goes on in its call when the agent has moved on', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const call = fresh('c');
    await expectStatus(200, post(a.token, said(a.agent, call, '1')));
    await move(a.agent, a.id, b.id);
    await expectStatus(200, post(a.token, said(a.agent, call, '2')));
    expect((await post(a.token, said(a.agent, fresh('c'), '3'))).status).toBe(400);
    expect([await textsOf(a), await textsOf(b)]).toEqual([['1', '2'], []]);
  });
});

describe('one upstream log with two owners, one after the other', () => {
  it('gives each its own part as a call of its own', async () => {
    const [lines, julia] = [await party('line:+1218'), await party('julia')];
    const call = fresh('CA');
    const start = { direction: 'inbound', from: '+34611111111', to: '+1218', channel: 'phone' };
    await board.ingest(
      entry(call, lines.agent, 1, 'call.started', start),
      entry(call, lines.agent, 2, 'user.message', { id: 'u1', text: 'sales please', final: true }),
      entry(call, julia.agent, 5, 'call.started', { ...start, routed_from: lines.agent }),
      entry(call, julia.agent, 6, 'user.message', { id: 'u2', text: 'a table for two', final: true }),
    );
    expect(await transcriptOf(lines, call)).toEqual(['sales please']);
    expect(await transcriptOf(julia, call)).toEqual(['a table for two']);
  });

  it('keeps both starts where nothing but the agent tells them apart', async () => {
    const [lines, julia] = [await party('line:+1219'), await party('julia')];
    const callId = fresh('CA');
    const { body } = await post(
      board.adminToken,
      [lines, julia].map(({ agent }) => ({ event: 'call.started', agent, callId })),
    );
    expect(body).toMatchObject({ accepted: 2, duplicates: 0 });
    const again = await post(board.adminToken, { event: 'call.started', agent: julia.agent, callId });
    expect(again.body).toMatchObject({ accepted: 0, duplicates: 1 });
  });
});

describe('a call that is read after its agent has changed hands', () => {
  it('is the owner’s of when it began, as far as its source tells', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const [before, after, untold] = [fresh('before'), fresh('after'), fresh('untold')];
    const began = new Date(Date.now() - 1);
    await move(a.agent, a.id, b.id);
    const start = (call: string, at?: Date) => entry(call, a.agent, 1, 'call.started', { from: '+1' }, at);
    await board.ingest(start(before, began), start(after, new Date(Date.now() + 1)));
    await board.ingest({ event: 'call.started', agent: a.agent, callId: untold });
    const owners = await Promise.all([before, after, untold].map((call) => transcriptOf(a, call)));
    expect(owners).toEqual([[], 404, 404]);
    expect(await transcriptOf(b, after)).toEqual([]);
    expect(await transcriptOf(b, untold)).toEqual([]);
    await board.ingest(entry(before, a.agent, 2, 'user.message', { id: 'u', text: 'goes on', final: true }));
    expect([await textsOf(a), await textsOf(b)]).toEqual([['goes on'], []]);
  });

  it('is nobody’s when it began between two owners, and the first owner’s when it began before any', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const agent = fresh('late');
    const longAgo = new Date(Date.now() - 3_600_000);
    await move(agent, null, a.id);
    await expectStatus(204, board.admin('DELETE', `/v1/admin/agents/${agent}/owner`, { from: a.id }));
    const between = await nextMillisecond();
    await nextMillisecond();
    await move(agent, null, b.id);
    const [early, free] = [fresh('early'), fresh('free')];
    const line = (call: string, at: Date) =>
      entry(call, agent, 1, 'user.message', { id: 'u', text: call, final: true }, at);
    await board.ingest(line(early, longAgo), line(free, between));
    expect([await textsOf(a), await textsOf(b)]).toEqual([[early], []]);
  });

  it('is nobody’s when its owner was erased, also where there is a tenant of that name again', async () => {
    const [a, b] = [await party('a'), await party('b')];
    const began = new Date(Date.now() - 1);
    await move(a.agent, a.id, b.id);
    await expectStatus(204, board.admin('DELETE', `/v1/admin/tenants/${a.id}`));
    const anew = await board.createTenant({ id: a.id, scopes: SCOPES });
    const call = fresh('CA');
    await board.ingest(entry(call, a.agent, 1, 'user.message', { id: 'u', text: 'x', final: true }, began));
    expect([await textsOf(anew), await textsOf(b)]).toEqual([[], []]);
  });
});

it('a chat that ended, and begins again under the same id with another owner, is that owner’s', async () => {
  const [a, b] = [await party('a'), await party('b')];
  const sessionId = fresh('wa-34611222333');
  const line = (text: string) => ({
    event: 'whatsapp.message',
    agent: a.agent,
    sessionId,
    text,
    messageId: fresh('m'),
  });
  const last = line('until then');
  await board.ingest(last, {
    event: 'whatsapp.sessionEnded',
    agent: a.agent,
    sessionId,
    reason: 'inactivity',
    duration: 60,
  });
  await move(a.agent, a.id, b.id);
  await board.ingest(last);
  expect([await textsOf(a), await textsOf(b)]).toEqual([['until then'], []]);
  await board.ingest(line('from then on'), said(a.agent, sessionId, 'and on'));
  expect([await textsOf(a), await textsOf(b)]).toEqual([['until then'], ['from then on', 'and on']]);
  expect(await transcriptOf(a, sessionId)).toEqual(['until then']);
});

it('a repeat without a call is a repeat also when its agent has changed hands', async () => {
  const [a, b] = [await party('a'), await party('b')];
  const event = { event: 'session.paused', agent: a.agent, id: fresh('p'), text: 'once' };
  await board.ingest(event, message(a.agent, fresh('c'), 1));
  await move(a.agent, a.id, b.id);
  await board.ingest(event);
  expect([await textsOf(a), await textsOf(b)]).toEqual([['once', 'text 1'], []]);
});
