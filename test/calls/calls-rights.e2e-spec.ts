/** Whose calls are whose, and what is refused. */
import { type CallPage, type OneCall, callOf, callsOf, ended, idsIn, said, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

describe('a tenant', () => {
  it('sees its own calls and nothing of another’s: listed, found, or asked for by id', async () => {
    const [mara, julia] = [fresh('mara'), fresh('julia')];
    const [acme, globex] = [
      await board.createTenant({ agents: [mara] }),
      await board.createTenant({ agents: [julia] }),
    ];
    const [ours, theirs] = [fresh('CA'), fresh('CA')];
    await board.ingest(started(mara, ours), said(mara, ours, 'u1', 'a secret word'));
    await board.ingest(started(julia, theirs), said(julia, theirs, 'u1', 'a secret word'));
    expect(idsIn(await callsOf(board, acme))).toEqual([ours]);
    expect(idsIn(await callsOf(board, acme, '?q=secret'))).toEqual([ours]);
    expect(idsIn(await callsOf(board, acme, '?q=611111111'))).toEqual([ours]);
    const [foreign, none] = [await callOf(board, acme, theirs), await callOf(board, acme, fresh('CA'))];
    expect([foreign.status, foreign.body]).toEqual([404, { ...none.body, instance: expect.any(String) }]);
    expect(foreign.body).toMatchObject({ type: '/problems/call-not-found' });
    expect((await callsOf(board, acme, `?agents=${julia}`)).body).toMatchObject({ type: '/problems/agent-not-found' });
    expect((await callsOf(board, globex)).text).not.toContain(ours);
    expect((await callsOf(board, globex)).body.cursor).toBe(2);
  });

  it('keeps a call that its agent was in when it went to another tenant, to its end', async () => {
    const mara = fresh('mara');
    const [acme, globex] = [await board.createTenant({ agents: [mara] }), await board.createTenant()];
    const [before, after] = [fresh('CA'), fresh('CA')];
    await board.ingest(started(mara, before));
    await board.assign(mara, globex.id, acme.id);
    await board.ingest(said(mara, before, 'u1', 'after the transfer'), started(mara, after), ended(mara, before));
    expect((await callOf(board, acme, before)).body).toMatchObject({
      state: 'ended',
      transcript: [{ text: 'after the transfer' }],
    });
    expect(idsIn(await callsOf(board, acme, `?agents=${mara}`))).toEqual([before]);
    expect(idsIn(await callsOf(board, globex))).toEqual([after]);
    expect((await callOf(board, globex, before)).status).toBe(404);
  });

  it('gets its own agents’ part of a call in which another’s agent speaks, too', async () => {
    const [mara, julia] = [fresh('mara'), fresh('julia')];
    const [acme, globex] = [
      await board.createTenant({ agents: [mara] }),
      await board.createTenant({ agents: [julia] }),
    ];
    const call = fresh('CA');
    await board.ingest(started(mara, call), said(julia, call, 'u1', 'not theirs'), ended(julia, call));
    expect((await callOf(board, acme, call)).body).toMatchObject({ state: 'live', transcript: [], agent: mara });
    const own = (await callOf(board, globex, call)).body;
    expect(own).toMatchObject({ state: 'ended', agent: julia, transcript: [{ text: 'not theirs' }] });
    const { body } = await board.admin<OneCall>('GET', `/v1/admin/calls/${call}?tenant=${acme.id}`);
    expect(body).toMatchObject({ tenant: acme.id, agent: mara, transcript: [] });
  });
});

describe('who may not, or asks wrongly', () => {
  it.each(['/v1/calls', '/v1/calls/x', '/v1/stats', '/v1/admin/calls', '/v1/admin/calls/x'])(
    '%s is refused',
    async (path) => {
      const { id, token } = await board.createTenant();
      const { token: without } = await board.createToken(id, {
        scopes: ['agents:read', 'tokens:write', 'events:write'],
      });
      expect((await board.request('GET', path)).status).toBe(401);
      expect((await board.request('GET', path, { token: without })).body).toMatchObject({
        type: '/problems/insufficient-scope',
      });
      const other = path.includes('admin') ? token : board.adminToken;
      expect((await board.request('GET', path, { token: other })).body).toMatchObject({
        type: '/problems/insufficient-scope',
      });
    },
  );

  it.each([
    'agents=',
    'q=',
    'q=%20',
    'state=',
    'state=ringing',
    'limit=0',
    'limit=1001',
    'cursor=',
    'cursor=abc',
    'all=true',
    `cursor=${Buffer.from('999999999999999 x').toString('base64url')}`,
    `q=${'x'.repeat(201)}`,
  ])('?%s is not valid', async (query) => {
    const acme = await board.createTenant();
    const answer = await callsOf(board, acme, `?${query}`);
    expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ type: '/problems/validation' })]);
    const across = await board.admin('GET', `/v1/admin/calls?${query}`);
    expect(across.status).toBe(400);
  });

  it('an agent or a call of nobody’s is not found', async () => {
    const acme = await board.createTenant();
    expect((await callsOf(board, acme, '?agents=nobody')).body).toMatchObject({ type: '/problems/agent-not-found' });
    expect((await board.admin('GET', '/v1/admin/calls?agents=nobody')).body).toMatchObject({
      type: '/problems/agent-not-found',
    });
    expect((await board.admin('GET', '/v1/admin/calls/nobody')).body).toMatchObject({
      type: '/problems/call-not-found',
    });
    expect((await callsOf(board, acme, '')).body).toEqual({ calls: [], next: null, cursor: 0 });
  });
});

describe('an admin', () => {
  it('sees the calls of all tenants and of nobody, narrowed as asked, by the platform’s cursor', async () => {
    const [mara, julia, nora] = [fresh('mara'), fresh('julia'), fresh('nora')];
    const [acme, globex] = [
      await board.createTenant({ agents: [mara] }),
      await board.createTenant({ agents: [julia] }),
    ];
    const [one, two, three] = [fresh('CA'), fresh('CA'), fresh('CA')];
    const word = fresh('word').replace('-', '');
    await board.ingest(
      started(mara, one),
      said(mara, one, 'u1', word),
      started(julia, two),
      said(julia, two, 'u1', word),
    );
    await board.ingest(started(nora, three), said(nora, three, 'u1', word));
    const list = async (query: string) =>
      (await board.admin<CallPage>('GET', `/v1/admin/calls?q=${word}${query}`)).body;
    const owners = async (query: string) => (await list(query)).calls.map(({ callId, tenant }) => [callId, tenant]);
    expect(await owners('')).toHaveLength(3);
    expect(await owners(`&tenants=${acme.id}`)).toEqual([[one, acme.id]]);
    expect(await owners('&unassigned=true')).toEqual([[three, null]]);
    expect((await owners(`&tenants=${globex.id}&unassigned=true`)).sort()).toEqual(
      [
        [two, globex.id],
        [three, null],
      ].sort(),
    );
    expect(await owners(`&agents=${julia}&state=live`)).toEqual([[two, globex.id]]);
    expect((await list('')).calls[0]?.snippet).toMatchObject({ text: word });
    const { body } = await board.admin<OneCall>('GET', `/v1/admin/calls/${three}`);
    expect(body).toMatchObject({ tenant: null, agent: nora, transcript: [{ text: word }] });
    // The cursor is where the platform's stream goes on.
    const stream = await board.open(`/v1/admin/events?after=${body.cursor}`, { token: board.adminToken });
    await stream.untilType('log.caught_up');
    expect(stream.events).toEqual([]);
    await board.ingest(said(nora, three, 'u2', 'next'));
    await stream.until(() => stream.events.length === 1);
    expect(Number(stream.events[0]?.id)).toBe(body.cursor + 1);
  });
});
