import { viewOf } from '../../src/calls/fold/call-view.js';
import { stateOf } from '../../src/calls/fold/resume.js';
import { reduce } from '../support/call-events.js';
import { type CallPage, type OneCall, callOf, callsOf, ended, idsIn, said, started } from '../support/calls.js';
import { parcelEntries, replayFrames } from '../support/recordings.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

describe('calls', () => {
  it('are there with their transcripts as soon as ingest has answered, newest first, page by page', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    const calls = Array.from({ length: 5 }, (_, index) => fresh(`CA${index}`));
    for (const [index, call] of calls.entries())
      await board.ingest(started(mara, call, { at: minutesAgo(10 - index) }));
    await board.ingest(said(mara, calls[0] ?? '', 'u1', 'Hola'), ended(mara, calls[1] ?? '', { at: minutesAgo(1) }));
    const newest = [...calls].reverse();
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await callsOf(board, acme, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect([page.status, page.body.cursor]).toEqual([200, 7]);
      pages.push(idsIn(page));
      cursor = page.body.next;
    }
    expect(pages).toEqual([newest.slice(0, 2), newest.slice(2, 4), newest.slice(4)]);
    expect(idsIn(await callsOf(board, acme, '?state=ended'))).toEqual([calls[1]]);
    expect(idsIn(await callsOf(board, acme, '?state=live'))).toEqual(newest.filter((call) => call !== calls[1]));
    const one = await callOf(board, acme, calls[0] ?? '');
    expect(one.body).toEqual({
      ...{ callId: calls[0], agent: mara, from: '+34611111111', to: '+34910000000', name: null, direction: 'inbound' },
      ...{
        transport: 'phone',
        state: 'live',
        startedAt: expect.any(String),
        endedAt: null,
        duration: null,
        reason: null,
      },
      ...{ incomplete: false, tools: [], earlier: null, cursor: 7 },
      transcript: [{ role: 'user', text: 'Hola', at: expect.any(String), messageId: 'u1', seq: 6 }],
    });
  });

  it('of a whole call log are what the log says, and of one that rings are live', async () => {
    const acme = await board.createTenant({ agents: ['lucia'] });
    const [ringing, ...rest] = parcelEntries;
    await board.ingest(ringing ?? {});
    // It is of last summer: what rings for so long is over, too.
    expect((await callsOf(board, acme)).body.calls).toMatchObject([{ state: 'ended', reason: 'lost', duration: 0 }]);
    await board.ingest({ event: 'call.ringing', agent: 'lucia', callId: 'CA_rings' });
    expect((await callsOf(board, acme, '?state=live')).body.calls).toMatchObject([
      { callId: 'CA_rings', state: 'ringing' },
    ]);
    const entries = rest.filter(({ type }) => type !== 'log.caught_up');
    const correction = entries.findIndex(({ type }) => type === 'bot.corrected');
    await board.ingest(...entries.slice(0, correction));
    expect((await callsOf(board, acme, '?q="arrives on tuesday"')).body.calls).toHaveLength(1);
    await board.ingest(...entries.slice(correction));
    const { body } = await callOf(board, acme, 'CA_parcel');
    expect(body).toMatchObject({ state: 'ended', reason: 'caller_hangup', duration: 18.4 });
    expect(body.transcript).toHaveLength(7);
    expect(body.transcript[4]).toMatchObject({ text: 'It comes on Saturday.', interrupted: true });
    expect(body.tools).toHaveLength(2);
    expect((await callsOf(board, acme, '?q=thursday')).body.calls).toHaveLength(1);
    expect((await callsOf(board, acme, '?q=tuesday')).body.calls).toHaveLength(0);
  });

  it('come out once however often and in whatever order their events came in', async () => {
    const acme = await board.createTenant({ agents: ['front-desk'] });
    const wire = replayFrames.map(({ type, data }) => ({ ...data, event: type }));
    for (let round = 0; round < 2; round++) for (const event of [...wire].reverse()) await board.ingest(event);
    const { calls } = (await callsOf(board, acme)).body;
    expect(calls.map(({ callId, state }) => [callId, state]).sort()).toEqual([
      ['0b6f4f0e-2d1a-4c55-9e0b-7a41c2d95e10', 'ended'],
      ['test-qk7rbd2x-m4pw', 'live'],
    ]);
    const spoken = (await callOf(board, acme, '0b6f4f0e-2d1a-4c55-9e0b-7a41c2d95e10')).body;
    expect(spoken.transcript.map(({ role }) => role).sort()).toEqual(['bot', 'user']);
  });

  it('of a chat that was handed a hostile text show it as it is, NUL and long ids included', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    const [call, id] = [fresh('WA'), 'x'.repeat(5000)];
    const text = '<img src=x onerror=alert(1)> \0 "q" \' \\ שלום 👍';
    await board.ingest(
      { event: 'whatsapp.message', agent: mara, sessionId: call, from: '+34 633', name: 'An\0a', text, messageId: id },
      { event: 'whatsapp.message', agent: mara, sessionId: call, from: '+34 633', text: 'NUL', messageId: 'a\0b' },
      {
        event: 'tool.call',
        agent: mara,
        callId: call,
        id: '__proto__',
        name: 'n',
        args: '{"big":12345678901234567890}',
      },
      {
        event: 'tool.result',
        agent: mara,
        callId: call,
        id: '__proto__',
        name: 'n',
        result: { __proto__: 1, ok: 'yes' },
      },
    );
    const { body, text: json } = await callOf(board, acme, call);
    expect(body.transcript.map((line) => line.text)).toEqual([text, 'NUL']);
    expect(body).toMatchObject({
      name: 'An\0a',
      transport: 'whatsapp',
      tools: [{ id: '__proto__', result: { ok: 'yes' } }],
    });
    expect(json).not.toContain('constructor');
    const found = (await callsOf(board, acme, `?q=onerror`)).body.calls[0]?.snippet;
    expect(found?.matches.map(({ start, end }) => found.text.slice(start, end))).toEqual(['onerror']);
  });

  it('keep the digits of numbers that a double would round', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    const sent = `{"event":"tool.call","agent":"${mara}","callId":"CA_big-${mara}","id":"t","name":"n","args":{"n":12345678901234567890}}`;
    await board.request('POST', '/v1/ingest', { token: board.adminToken, body: sent });
    expect((await callOf(board, acme, `CA_big-${mara}`)).text).toContain('"arguments":{"n":12345678901234567890}');
  });

  it('answer a cursor from which a stream goes on without loss, and a page’s call with it', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    const call = fresh('CA');
    const flood = (async () => {
      for (let index = 1; index <= 30; index++)
        await board.ingest(said(mara, call, index % 2 === 0 ? '' : `u${index}`, `line ${index}`));
    })();
    await board.ingest(started(mara, call));
    for (let round = 0; round < 3; round++) {
      const { body } = await callOf(board, acme, call);
      const stream = await board.open(`/v1/calls/${call}/events?after=${body.cursor}`, { token: acme.token });
      await stream.until(() => stream.events.length >= 5 || Number(stream.lastEventId) >= 31);
      const later = stream.events.map(({ type, id, data }) => ({
        seq: Number(id),
        type,
        at: String(data['at']),
        data,
      }));
      const until = later.at(-1)?.seq ?? body.cursor;
      const page = viewOf(reduce(call, later, stateOf(body, body.cursor)));
      stream.close();
      await flood;
      const whole = (await callOf(board, acme, call)).body;
      expect(page.transcript).toEqual(whole.transcript.filter(({ seq }) => seq <= until));
    }
  });
});

describe('a call that never ends', () => {
  it('is lost after its bound of silence, and alive again with the next event', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    const call = fresh('CA');
    const lastWord = minutesAgo(241);
    await board.ingest(
      started(mara, call, { at: new Date(Date.parse(lastWord) - 259 * 60_000).toISOString() }),
      said(mara, call, 'u1', 'Hola', { at: lastWord }),
    );
    const [lost] = (await callsOf(board, acme, '?state=ended')).body.calls;
    expect(lost).toMatchObject({ callId: call, state: 'ended', reason: 'lost', duration: 259 * 60 });
    expect(Date.parse(lost?.endedAt ?? '')).toBeLessThan(Date.now() - 240 * 60_000);
    expect(idsIn(await callsOf(board, acme, '?state=live'))).toEqual([]);
    expect((await callOf(board, acme, call)).body).toMatchObject({ state: 'ended', reason: 'lost' });
    await board.ingest(said(mara, call, 'u2', 'still there', { at: minutesAgo(1) }));
    expect((await callsOf(board, acme, '?state=live')).body.calls).toMatchObject([
      { callId: call, state: 'live', endedAt: null, reason: null },
    ]);
    expect(idsIn(await callsOf(board, acme, '?state=ended'))).toEqual([]);
    await board.ingest(ended(mara, call));
    expect((await callOf(board, acme, call)).body).toMatchObject({ state: 'ended', reason: 'hangup' });
  });

  it('is lost, too, when its clock is years ahead', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    await board.ingest(started(mara, fresh('CA'), { at: '2999-01-01T00:00:00Z' }));
    expect((await callsOf(board, acme)).body.calls).toMatchObject([{ state: 'ended', reason: 'lost' }]);
  });
});

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

describe('a search', () => {
  it('finds lines in many languages, phrases, beginnings, and who called', async () => {
    const mara = fresh('mara');
    const acme = await board.createTenant({ agents: [mara] });
    const lines: [string, string][] = [
      ['es', '¡Mañana a las nueve, por favor!'],
      ['de', 'Ich möchte einen Tisch für zwei Personen, Straße 5'],
      ['fr', "Je voudrais réserver l'été prochain"],
      ['zh', '我要订位明天晚上'],
      ['ru', 'Привет, можно заказать столик?'],
      ['ar', 'أريد حجز طاولة'],
      ['hi', 'मुझे एक टेबल चाहिए'],
    ];
    const calls = new Map(lines.map(([language]) => [fresh(`CA-${language}`), language]));
    for (const [call, language] of calls) {
      const text = new Map(lines).get(language) ?? '';
      await board.ingest(
        started(mara, call, { from: `+34600${call.length}${language === 'de' ? '4242' : '0000'}` }),
        said(mara, call, 'u1', text),
      );
    }
    const find = async (q: string) =>
      idsIn(await callsOf(board, acme, `?q=${encodeURIComponent(q)}`))
        .map((call) => calls.get(call))
        .sort();
    expect(await find('manana')).toEqual(['es']);
    expect(await find('MAÑANA nuev')).toEqual(['es']);
    expect(await find('"zwei personen"')).toEqual(['de']);
    expect(await find('"personen zwei"')).toEqual([]);
    expect(await find('strasse')).toEqual(['de']);
    expect(await find('ete')).toEqual(['fr']);
    expect(await find('订位')).toEqual(['zh']);
    expect(await find('位订')).toEqual([]);
    expect(await find('столик')).toEqual(['ru']);
    expect(await find('طاولة')).toEqual(['ar']);
    expect(await find('टेबल')).toEqual(['hi']);
    expect(await find('привет or tisch')).toEqual(['de', 'ru']);
    expect(await find('tisch -personen')).toEqual([]);
    expect(await find('4242')).toEqual(['de']);
    expect(await find("'; DROP TABLE calls; --")).toEqual([]);
    const snippets = (await callsOf(board, acme, '?q=tisch')).body.calls.map(({ snippet }) => snippet);
    expect(snippets).toEqual([
      expect.objectContaining({
        text: lines[1]?.[1],
        matches: [{ start: 17, end: 22 }],
        role: 'user',
        messageId: 'u1',
      }),
    ]);
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
    ...[
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
    ],
    ...[`cursor=${Buffer.from('999999999999999 x').toString('base64url')}`, `q=${'x'.repeat(201)}`],
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
