import { viewOf } from '../../src/calls/fold/call-view.js';
import { stateOf } from '../../src/calls/fold/resume.js';
import { reduce } from '../support/call-events.js';
import { callOf, callsOf, ended, idsIn, said, started } from '../support/calls.js';
import { parcelEntries, replayFrames } from '../support/recordings.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

const UNMEASURED = { latency: null, tools: { calls: 0, failed: 0 }, score: null, interruptions: 0, language: null };
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
      callId: calls[0],
      agent: mara,
      from: '+34611111111',
      to: '+34910000000',
      name: null,
      direction: 'inbound',
      transport: 'phone',
      state: 'live',
      startedAt: expect.any(String),
      endedAt: null,
      duration: null,
      reason: null,
      lastLine: 'Hola',
      incomplete: false,
      tools: [],
      earlier: null,
      cursor: 7,
      quality: UNMEASURED,
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
    expect((await callsOf(board, acme, '?q="comes on friday"')).body.calls).toHaveLength(1);
    await board.ingest(...entries.slice(correction));
    const { body } = await callOf(board, acme, 'CA_parcel');
    expect(body).toMatchObject({ state: 'ended', reason: 'caller_hangup', duration: 18.4 });
    // The caller's first sentence came twice, the second time with more: one line.
    expect(body.transcript).toHaveLength(6);
    expect(body.transcript[3]).toMatchObject({ text: 'It comes on Saturday.', interrupted: true });
    expect(body.tools).toHaveLength(2);
    expect((await callsOf(board, acme, '?q=saturday')).body.calls).toHaveLength(1);
    expect((await callsOf(board, acme, '?q=friday')).body.calls).toHaveLength(0);
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
