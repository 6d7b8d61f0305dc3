/**
 * Values as senders and people write them: understood in one way, or refused with a word. Never something else in
 * silence.
 */
import { callOf, callsOf, idsIn, said, settled, started } from '../support/calls.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
let acme: TestTenant;
const mara = fresh('mara');
beforeAll(async () => {
  board = await Switchboard.start();
  acme = await board.createTenant({ agents: [mara] });
});
afterAll(() => board.stop());

interface Ingested {
  accepted: number;
  rejected: { index: number; problem: { errors?: { path: string; message: string }[] } }[];
}
const post = async (...events: unknown[]) => {
  const answer = await board.admin<Ingested>('POST', '/v1/ingest', events);
  return { ...answer.body, status: answer.status };
};
const startOf = async (call: string) => (await callOf(board, acme, call)).body.startedAt;
const find = async (q: string) => idsIn(await callsOf(board, acme, `?q=${encodeURIComponent(q)}`));

describe('when something happened', () => {
  it('is what the sender says, in UTC where no zone is said', async () => {
    const call = fresh('CA');
    await post(started(mara, call, { at: '2026-11-20T12:00:00.123456' }));
    expect(await startOf(call)).toBe('2026-11-20T12:00:00.123Z');
  });

  it('may stand around the data, and in an envelope’s text', async () => {
    const [framed, logged] = [fresh('CA'), fresh('CA')];
    const envelope = { seq: 1, call: logged, agent: mara, type: 'call.started', ephemeral: false, data: {} };
    const { accepted } = await post(
      { event: 'call.started', timestamp: 1795176000123, data: { agent: mara, callId: framed } },
      { ...envelope, ts: '2026-11-20 13:00:00+01' },
    );
    expect(accepted).toBe(2);
    expect(await startOf(framed)).toBe('2026-11-20T12:00:00.123Z');
    expect(await startOf(logged)).toBe('2026-11-20T12:00:00.000Z');
  });

  it('is refused with a word where nobody can tell, and keeps nothing else back', async () => {
    const call = fresh('CA');
    const odd = { at: 'yesterday', timestamp: '20/11/2026 12:00', ts: 12.5 };
    const events = Object.entries(odd).map(([field, value], n) => said(mara, call, `u${n}`, 'odd', { [field]: value }));
    const { accepted, rejected } = await post(...events, said(mara, call, 'u9', 'good'));
    expect([accepted, rejected.map(({ index, problem }) => [index, problem.errors?.[0]?.path])]).toEqual([
      1,
      [
        [0, 'at'],
        [1, 'timestamp'],
        [2, 'ts'],
      ],
    ]);
    expect(rejected[0]?.problem.errors?.[0]?.message).toContain('write 2026-11-24T09:00:00Z, or seconds');
  });
});

describe('an id that is a number', () => {
  it('is one id: of a message that comes twice, of a tool and its answer, of a call and what is said in it', async () => {
    const call = Number(`9${Date.now()}`);
    const of = { agent: mara, callId: call };
    await post(
      { ...started(mara, '', {}), callId: call },
      { event: 'bot.speaking', ...of, messageId: 7, text: 'Good morning' },
      { event: 'message.confirmed', ...of, messageId: 7, text: 'Good morning!' },
      { event: 'message.confirmed', ...of, messageId: '7', text: 'Good morning!' },
      { event: 'llm.toolCall', ...of, toolCalls: [{ id: 3, name: 'book', arguments: '{}' }] },
      { event: 'tool.result', ...of, toolCallId: 3, name: 'book', result: 'yes' },
    );
    const { body } = await callOf(board, acme, String(call));
    expect(body.transcript.map(({ text, messageId }) => [text, messageId])).toEqual([['Good morning!', '7']]);
    expect(body.tools).toEqual([expect.objectContaining({ id: '3', name: 'book', result: 'yes' })]);
    const { body: log } = await board.request<{ events: { data: Record<string, unknown> }[] }>(
      'GET',
      `/v1/log?call=${call}&limit=1`,
      { token: acme.token },
    );
    expect(log.events[0]?.data['callId']).toBe(String(call));
  });

  it('is no less than text where text is meant: what was said, why a call ended', async () => {
    const call = fresh('CA');
    const end = { event: 'call.ended', agent: mara, callId: call, reason: 486, duration: '12.5' };
    await post(said(mara, call, 'u1', 42 as unknown as string), end);
    const { body } = await callOf(board, acme, call);
    expect(body).toMatchObject({ transcript: [{ text: '42' }], reason: '486', duration: 12.5 });
  });

  it('keeps digits that a double would round', async () => {
    const sent = (id: string) => `{"event":"user.message","agent":"${mara}","callId":${id},"messageId":1,"text":"hi"}`;
    const body = `[${sent('9007199254740993')},${sent('9007199254740992')}]`;
    await board.request('POST', '/v1/ingest', { token: board.adminToken, body });
    expect((await callOf(board, acme, '9007199254740993')).body.callId).toBe('9007199254740993');
    expect((await callOf(board, acme, '9007199254740992')).body.callId).toBe('9007199254740992');
  });

  it('is refused where it is no whole number, and for an agent', async () => {
    const { status, rejected } = await post({ event: 'x', agent: mara, callId: 1.5 }, { event: 'x', agent: 7 });
    expect([status, rejected.map(({ problem }) => problem.errors?.[0]?.path)]).toEqual([400, ['callId', 'agent']]);
  });
});

describe('who was spoken with', () => {
  it.each<[string, object, string]>([
    ['SIP', { from: 'sip:+34611222301@10.0.0.1:5060;transport=udp' }, '222301'],
    ['WhatsApp', { from: 'whatsapp:+34611222302' }, '222302'],
    ['tel with parameters', { from: 'tel:+34-611-222-303;phone-context=+34' }, '222303'],
    ['brackets and dashes', { from: '+34 (611) 222-304' }, '222 304'],
    ['a number', { from: 34611222305 }, '611-222-305'],
    ['the dialled number', { from: '+34910000000', to: 'sip:+34611222306@h', direction: 'outbound' }, '222306'],
    ['the dialled number, no direction', { from: '+34910000000', to: '+34611222307', direction: undefined }, '222307'],
    ['all of an address', { from: 'sip:+34611222308@h.example' }, 'sip:+34611222308@h.example'],
    ['nobody', { from: 'sip:anonymous@anonymous.invalid' }, 'anonymous'],
    ['nobody’s whole address', { from: 'sip:anonymous@anonymous.example' }, 'sip:anonymous@anonymous.example'],
    ['a number as it is dialled abroad', { from: '+34611222309' }, '0034611222309'],
  ])('is found: %s', async (_, fields, q) => {
    const call = fresh('CA');
    await post(started(mara, call, fields));
    expect((await find(q))[0]).toBe(call);
  });

  it('is not the line that was called', async () => {
    const call = fresh('CA');
    await post(started(mara, call, { to: '+34910777888', direction: 'inbound' }));
    await settled(board);
    expect(await find('777888')).toEqual([]);
  });
});

describe('what was said, in any script', () => {
  it.each([
    ['Jedziemy do Łodzi', 'lodzi'],
    ['Tôi muốn ĐẶT BÀN cho hai người', 'dat ban'],
    ['To øl, takk', 'ol'],
    ['Grüße aus der Straße', 'grusse strasse'],
    ['IŞIK açık mı', 'ışık'],
    ['Καλημέρα, ΟΔΟΣ Ερμού', 'οδός'],
    ['أُريدُ حَجْزَ طاولةٍ', 'اريد حجز طاوله'],
    ['מזל טוב שָׁלוֹם', 'שלום'],
    ['예약을 하고 싶어요'.normalize('NFD'), '예약을'],
    ['ＴＯＫＹＯ行き', 'tokyo'],
    ['ﾃﾞﾝﾜで予約をお願いします', 'でんわ'],
    ['请帮我预订明天晚上的桌子', '预订桌子'],
    ['明日の夜に席を予約したいです', '予約席'],
    ['ฉันต้องการจองโต๊ะสำหรับสองคน', 'จองสองคน'],
    ['ຂ້ອຍຢາກຈອງໂຕະ', 'ຈອງ'],
    ['ខ្ញុំចង់កក់តុ', 'កក់តុ'],
  ])('%s is found by %s', async (text, q) => {
    const call = fresh('CA');
    await post(said(mara, call, 'u1', text));
    const [found] = (await callsOf(board, acme, `?q=${encodeURIComponent(q)}`)).body.calls;
    expect(found?.callId).toBe(call);
    expect(found?.snippet?.text).toBe(text);
    expect(found?.snippet?.matches.length).toBeGreaterThan(0);
  });
});
