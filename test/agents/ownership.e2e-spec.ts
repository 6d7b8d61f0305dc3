import { query } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const agentsOf = async (tenant: string) => {
  const { body } = await board.admin<{ agents: { agent: string }[] }>('GET', `/v1/admin/agents?tenant=${tenant}`);
  return body.agents.map(({ agent }) => agent);
};
const auditOf = async (tenant: string) =>
  (await board.admin<{ audit: Record<string, unknown>[] }>('GET', `/v1/admin/audit?tenant=${tenant}`)).body.audit;

describe('a dry run of a transfer', () => {
  it('says which streams, calls and tokens it concerns, and changes nothing', async () => {
    const [mara, lucia] = [fresh('mara'), fresh('lucia')];
    const acme = await board.createTenant({ agents: [mara, lucia] });
    const globex = await board.createTenant();
    const live = fresh('live');
    await board.ingest(
      { event: 'call.started', agent: mara, callId: fresh('over') },
      { event: 'call.started', agent: mara, callId: live },
      message(lucia, fresh('other'), 1),
    );
    const over = fresh('over');
    await board.ingest(message(mara, over, 1), { event: 'call.ended', agent: mara, callId: over });
    const mint = (body: object) =>
      board.request<{ token: string }>('POST', '/v1/stream-tokens', { token: acme.token, body });
    const narrowed = (await mint({ agents: [mara, lucia] })).body.token;
    await mint({ agents: [lucia] });
    const streams = await Promise.all([
      board.open('/v1/events', { token: acme.token }),
      board.open(`/v1/events?token=${narrowed}`),
      board.open(`/v1/agents/${lucia}/events`, { token: acme.token }),
      board.open('/v1/events', { token: globex.token }),
    ]);
    for (const stream of streams) await stream.untilType('log.caught_up');
    const before = await auditOf(acme.id);
    const { status, body } = await board.admin<Record<string, unknown[]>>(
      'PUT',
      `/v1/admin/agents/${mara}/owner?dryRun=true`,
      { tenant: globex.id, from: acme.id },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ agent: mara, from: acme.id, to: globex.id, dryRun: true, changes: true });
    expect(body['openStreams']?.map((one) => (one as { tenant: string }).tenant).sort()).toEqual(
      [acme.id, acme.id, globex.id].sort(),
    );
    expect(body['callsInProgress']).toContain(live);
    expect(body['callsInProgress']).not.toContain(over);
    expect(body['callsInProgress']).toHaveLength(2);
    expect(body['narrowedTokens']).toEqual([
      { id: expect.any(String), parent: acme.tokenId, expiresAt: expect.any(String) },
    ]);
    expect(await agentsOf(acme.id)).toEqual([lucia, mara].sort());
    expect(await auditOf(acme.id)).toEqual(before);
  });

  it('refuses what the transfer itself would refuse', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    const globex = await board.createTenant();
    const path = `/v1/admin/agents/${mara}/owner?dryRun=true`;
    const wrong = await board.admin('PUT', path, { tenant: globex.id, from: null });
    expect([wrong.status, wrong.body['owner']]).toEqual([409, acme.id]);
    expect((await board.admin('PUT', path, { tenant: 'no-such-tenant', from: acme.id })).status).toBe(404);
    expect((await board.admin('PUT', `${path}maybe`, { tenant: globex.id, from: acme.id })).status).toBe(400);
    const none = await board.admin('PUT', path, { tenant: acme.id, from: acme.id });
    expect(none.body).toMatchObject({ changes: false, openStreams: [], callsInProgress: [], narrowedTokens: [] });
  });
});

describe('a tenant’s whole set of agents', () => {
  it('is made as said, the streams are told once, and saying it again changes nothing', async () => {
    const [mara, lucia, sol] = [fresh('a'), fresh('b'), fresh('c')];
    const { id, token } = await board.createTenant({ agents: [mara, lucia] });
    const stream = await board.open('/v1/events', { token });
    await stream.untilType('log.caught_up');
    const put = (agents: string[], query = '') =>
      board.admin('PUT', `/v1/admin/tenants/${id}/agents${query}`, { agents });
    const planned = await put([lucia, sol], '?dryRun=true');
    expect(planned.body).toEqual({ tenant: id, agents: [lucia, sol], added: [sol], removed: [mara] });
    expect(await agentsOf(id)).toEqual([mara, lucia]);
    expect((await put([sol, lucia])).body).toEqual(planned.body);
    expect(await agentsOf(id)).toEqual([lucia, sol]);
    await stream.untilType('agents.changed');
    expect(stream.of('agents.changed').map(({ data }) => data)).toEqual([
      { agents: [lucia, sol], added: [sol], removed: [mara] },
    ]);
    expect((await put([sol, lucia])).body).toMatchObject({ added: [], removed: [] });
    expect((await put([])).body).toMatchObject({ added: [], removed: [lucia, sol] });
    expect((await board.admin<{ owners: object[] }>('GET', `/v1/admin/agents/${mara}/owners`)).body.owners).toEqual([
      { tenant: id, since: expect.any(String), until: expect.any(String), changedBy: expect.any(String) },
    ]);
  });

  it('is all or nothing: an agent of another tenant’s among them is 409, and nothing has changed', async () => {
    const [mara, sol] = [fresh('mara'), fresh('sol')];
    const acme = await board.createTenant({ agents: [mara] });
    const globex = await board.createTenant({ agents: [sol] });
    const answer = await board.admin('PUT', `/v1/admin/tenants/${acme.id}/agents`, { agents: [fresh('new'), sol] });
    expect([answer.status, answer.body['owner'], answer.body['agent']]).toEqual([409, globex.id, sol]);
    expect(await agentsOf(acme.id)).toEqual([mara]);
    expect(await agentsOf(globex.id)).toEqual([sol]);
  });

  it('refuses names that are odd, and a set for nobody', async () => {
    const { id } = await board.createTenant();
    expect((await board.admin('PUT', `/v1/admin/tenants/${id}/agents`, { agents: ['a b'] })).status).toBe(400);
    expect((await board.admin('PUT', `/v1/admin/tenants/${id}/agents`, {})).status).toBe(400);
    expect((await board.admin('PUT', '/v1/admin/tenants/no-such-tenant/agents', { agents: [] })).status).toBe(404);
  });

  it('of two sets that claim the same agent at once, exactly one wins', async () => {
    const agents = Array.from({ length: 20 }, () => fresh('agent'));
    const tenants = await Promise.all(Array.from({ length: 4 }, () => board.createTenant()));
    const answers = await Promise.all(
      tenants.map(({ id }) => board.admin('PUT', `/v1/admin/tenants/${id}/agents`, { agents })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const sizes = await Promise.all(tenants.map(async ({ id }) => (await agentsOf(id)).length));
    expect(sizes.sort((one, other) => one - other)).toEqual([0, 0, 0, 20]);
  });
});

describe('explain', () => {
  const explain = async (tenant: string, event: number | string, more = '') =>
    board.admin<{ delivered: boolean; summary: string; checks: { check: string; passed: boolean; detail: string }[] }>(
      'GET',
      `/v1/admin/explain?tenant=${tenant}&event=${event}${more}`,
    );
  /** The position of the last event. */
  const last = async () => {
    const reader = await board.open('/v1/admin/events', { token: board.adminToken });
    return Number((await reader.untilType('connected')).id);
  };

  it('says whose an event is by who owned its agent when the call began, whoever owns it now', async () => {
    const [mara, call] = [fresh('mara'), fresh('call')];
    const acme = await board.createTenant({ agents: [mara] });
    const globex = await board.createTenant();
    await board.ingest(message(mara, call, 1));
    await board.assign(mara, globex.id, acme.id);
    await board.ingest(message(mara, call, 2));
    const position = await last();
    const toAcme = await explain(acme.id, position);
    expect(toAcme.body).toMatchObject({
      delivered: true,
      summary: `${acme.id} gets this event, as its number 2.`,
      event: { position, id: '2', agent: mara, callId: call, tenant: acme.id, type: 'user.message' },
      owner: { tenant: acme.id },
    });
    const toGlobex = await explain(globex.id, position);
    expect(toGlobex.body.delivered).toBe(false);
    expect(toGlobex.body.summary).toContain(`when its agent ${mara} belonged to ${acme.id}: the call is ${acme.id}'s`);
    await board.ingest(message(mara, fresh('next'), 3));
    expect((await explain(globex.id, await last())).body.delivered).toBe(true);
  });

  it('knows events of nobody, positions that are not there, suspended tenants and a token’s filters', async () => {
    const [mara, nora] = [fresh('mara'), fresh('nora')];
    const acme = await board.createTenant({ agents: [mara] });
    await board.ingest(message(nora, fresh('c'), 1));
    expect((await explain(acme.id, await last())).body.summary).toContain('belonged to nobody');
    await board.ingest(message(mara, undefined, 2));
    const position = await last();
    expect((await explain(acme.id, position)).body.delivered).toBe(true);
    expect((await explain(acme.id, position + 1)).body).toMatchObject({
      delivered: false,
      event: null,
      checks: [{ check: 'logged', passed: false, detail: expect.stringContaining(`its last is ${position}`) }],
    });
    const { body } = await board.request<{ token: string }>('POST', '/v1/stream-tokens', {
      token: acme.token,
      body: { types: ['call.*'] },
    });
    const claims = body.token.split('.')[1] ?? '';
    const { jti: tokenId } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { jti: string };
    const filtered = (await explain(acme.id, position, `&tokenId=${tokenId}`)).body;
    expect([filtered.delivered, filtered.summary]).toEqual([
      false,
      `${acme.id} does not get this event. The token is narrowed to types call.*.`,
    ]);
    await board.admin('PATCH', `/v1/admin/tenants/${acme.id}`, { status: 'suspended' });
    expect((await explain(acme.id, position)).body.summary).toContain('is suspended now');
    expect((await explain('no-such-tenant', position)).status).toBe(404);
    expect((await explain(acme.id, 'x')).status).toBe(400);
    expect((await explain(acme.id, position, '&tokenId=none')).status).toBe(404);
  });

  it('says that a tenant which was erased has left nothing', async () => {
    const mara = fresh('mara');
    const [acme, globex] = [await board.createTenant({ agents: [mara] }), await board.createTenant()];
    await board.ingest(message(mara, fresh('c'), 1));
    const position = await last();
    await board.admin('DELETE', `/v1/admin/tenants/${acme.id}`);
    expect((await explain(globex.id, position)).body.summary).toContain('its event is gone');
  });
});

describe('a tenant’s whole set, however large,', () => {
  const setOwned = (tenant: string, agents: readonly string[]) =>
    board.admin('PUT', `/v1/admin/tenants/${tenant}/agents`, { agents });
  const names = (count: number) => Array.from({ length: count }, () => fresh('one'));

  it('is changed in as many statements as one agent', async () => {
    const { id } = await board.createTenant();
    await query(board.databaseUrl, 'CREATE TABLE counted (name text)');
    await query(
      board.databaseUrl,
      `CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN INSERT INTO counted VALUES (tg_table_name || tg_op); RETURN NULL; END $$`,
    );
    for (const table of ['agents', 'ownerships', 'audit'])
      await query(
        board.databaseUrl,
        `CREATE TRIGGER counted BEFORE INSERT OR UPDATE ON ${table} EXECUTE FUNCTION count_statement()`,
      );
    const statementsOf = async (agents: readonly string[]) => {
      await query(board.databaseUrl, 'TRUNCATE counted');
      expect((await setOwned(id, agents)).status).toBe(200);
      const counts = 'SELECT name, count(*)::int AS times FROM counted GROUP BY name ORDER BY name';
      return query(board.databaseUrl, counts);
    };
    const [first] = names(1);
    const many = names(300);
    const one = await statementsOf([first ?? '']);
    expect(one.length).toBeGreaterThan(3);
    expect(await statementsOf([...many, first ?? ''])).toEqual(one);
    // Some go, some come.
    expect(await statementsOf([...many.slice(150), ...names(150)])).toEqual(one);
    const owned = await query(board.databaseUrl, 'SELECT agents FROM tenant_agents WHERE tenant_id = $1', [id]);
    expect(owned).toEqual([{ agents: 300 }]);
    for (const table of ['agents', 'ownerships', 'audit'])
      await query(board.databaseUrl, `DROP TRIGGER counted ON ${table}`);
  });

  it('holds up nobody’s events while it is looked up and noted', async () => {
    const [mara, theirs] = [fresh('mara'), fresh('sol')];
    const { id } = await board.createTenant();
    await board.createTenant({ agents: [theirs] });
    const answer = await whileHeld([board.databaseUrl, 'audit'], async (waiting) => {
      const asked = setOwned(id, [mara]);
      await waiting('INSERT INTO audit%');
      await board.ingest(message(theirs, fresh('c'), 1));
      return { asked };
    });
    expect((await answer.asked).status).toBe(200);
    expect(await agentsOf(id)).toEqual([mara]);
  });
});
