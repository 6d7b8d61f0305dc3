/** The main job, end to end: real wires in, each customer's own events out, over real sockets. */
import { EventSource } from 'eventsource';
import { AgentProcess } from '../support/agent-process.js';
import { parcelEntries, sseFrames, wsFrames } from '../support/recordings.js';
import { Switchboard } from '../support/switchboard.js';
import { parcelCall } from '../support/voice-log.js';
import { API_KEY, VoiceServer } from '../support/voice-server.js';
import { waitFor } from '../support/wait-for.js';

interface Seen {
  readonly type: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

const CALL_LOG_TYPES =
  'call.ringing call.summary tool.call tool.result bot.interrupted bot.corrected log.gap docs.sources turn.start skill.loaded ' +
  'skill.unloaded handoff.requested handoff.active handoff.released supervisor.said';
/** A listener each: an EventSource hears only what it was told to listen for. */
const TYPES = new Set(
  [...sseFrames.slice(1), ...wsFrames.slice(1)].map(({ type }) => type).concat(CALL_LOG_TYPES.split(' ')),
);

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** What a customer's page does: a native EventSource and a listener for each type. */
async function customer(board: Switchboard, token: string, path = '/events'): Promise<Seen[]> {
  const seen: Seen[] = [];
  let caughtUp = false;
  const source = new EventSource(`${board.url}${path}`, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
  });
  stops.push(() => source.close());
  for (const type of TYPES) {
    source.addEventListener(type, ({ data, lastEventId }: { data: string; lastEventId: string }) =>
      seen.push({ type, id: lastEventId, data: JSON.parse(data) as Seen['data'] }),
    );
  }
  source.addEventListener('log.caught_up', () => (caughtUp = true));
  await waitFor(() => caughtUp, 'the stream to be live');
  return seen;
}

async function start(variables: Record<string, string>): Promise<Switchboard> {
  const board = await Switchboard.start(variables);
  stops.push(() => board.stop());
  return board;
}

async function agentProcess(options = {}): Promise<AgentProcess> {
  const agents = await AgentProcess.start(options);
  stops.push(() => agents.stop());
  return agents;
}

/**
 * What it is to have is to be called before its reader starts: an agent's log that it does not know is read in pages
 * for a minute.
 */
async function voiceServer(): Promise<VoiceServer> {
  const voice = await VoiceServer.start();
  stops.push(() => voice.stop());
  return voice;
}

const ofAgents = (...agents: string[]) =>
  sseFrames
    .slice(1)
    .filter(({ data }) => agents.includes(String(data['agent'])))
    .map(({ type, data }) => ({ type, data: { ...data, at: expect.any(String) as unknown } }));
const plain = (seen: readonly Seen[]) => seen.map(({ type, data }) => ({ type, data }));

it('wire A: each customer gets exactly its own agents’ events, in order and complete, and nobody the unowned agent’s', async () => {
  const agents = await agentProcess({ pieceBytes: 7 });
  const board = await start({ SOURCES: agents.sseEntry });
  const acme = await board.createTenant({ id: 'acme', agents: ['mara'] });
  const globex = await board.createTenant({ id: 'globex', agents: ['julia', 'sol'] });
  const [ofAcme, ofGlobex] = await Promise.all([customer(board, acme.token), customer(board, globex.token)]);
  await waitFor(() => agents.readers === 1);
  await agents.send(40);
  await agents.sendSse(
    'event: call.started\ndata: {"callId":"CA_nobody","from":"+1","agent":"nora","transport":"phone"}\n\n',
  );
  await agents.send();
  await waitFor(() => ofAcme.length + ofGlobex.length >= sseFrames.length - 1, 'every event');
  expect(plain(ofAcme)).toEqual(ofAgents('mara'));
  expect(plain(ofGlobex)).toEqual(ofAgents('julia', 'sol'));
  expect(ofAcme.length + ofGlobex.length).toBe(sseFrames.length - 1);
  // Unowned: kept, shown to admins as an agent without owner, and in no customer's log.
  const { body } = await board.admin<{ agents: { agent: string }[] }>('GET', '/v1/admin/agents?unassigned=true');
  expect(body.agents.map(({ agent }) => agent)).toEqual(['nora']);
  for (const { token } of [acme, globex]) {
    expect((await board.request('GET', '/v1/log?limit=1000', { token })).text).not.toContain('CA_nobody');
  }
  expect((await board.request('GET', '/readyz')).body).toMatchObject({
    sources: { [agents.sseEntry]: { state: 'live' } },
  });
});

it('wire A: what is sent again after a reconnect is recognised', async () => {
  const agents = await agentProcess({ token: 'secret-of-the-agents' });
  const board = await start({ SOURCES: agents.sseEntry, SOURCE_TOKEN: 'secret-of-the-agents' });
  const { token } = await board.createTenant({ agents: ['mara'] });
  const seen = await customer(board, token);
  await waitFor(() => agents.readers === 1);
  const message = 'event: user.message\ndata: {"callId":"CA_1","agent":"mara","messageId":"m1","text":"Hola"}\n\n';
  await agents.sendSse(message);
  await waitFor(() => seen.length === 1);
  agents.drop();
  await waitFor(() => agents.accepted === 2 && agents.readers === 1, 'the source to come back');
  await agents.sendSse(`${message}event: call.ended\ndata: {"callId":"CA_1","agent":"mara","reason":"hangup"}\n\n`);
  await waitFor(() => seen.length >= 2);
  expect(seen.map(({ type, id }) => [type, id])).toEqual([
    ['user.message', '1'],
    ['call.ended', '2'],
  ]);
});

it('wire B: every word arrives, in order, at the agent’s customer only', async () => {
  const agents = await agentProcess({ pieceBytes: 11 });
  const board = await start({ SOURCES: agents.wsEntry('mara') });
  const acme = await board.createTenant({ agents: ['mara'] });
  const globex = await board.createTenant({ agents: ['julia', 'sol'] });
  const [ofAcme, ofGlobex] = await Promise.all([customer(board, acme.token), customer(board, globex.token)]);
  await waitFor(() => agents.readers === 1);
  await agents.send();
  await waitFor(() => ofAcme.length >= wsFrames.length - 1, 'every event');
  expect(plain(ofAcme)).toEqual(
    wsFrames.slice(1).map(({ type, data }) => ({ type, data: { ...data, at: expect.any(String) as unknown } })),
  );
  expect(ofAcme.filter(({ type }) => type === 'bot.word')).toHaveLength(16);
  expect(ofGlobex).toEqual([]);
});

it('wire C: a call in pieces, through holes, a slow_consumer close, a restart and a gap, arrives once and in order', async () => {
  const voice = await voiceServer();
  voice.call('CA_parcel', 'lucia');
  const board = await start({ SOURCES: voice.source, PINECALL_API_KEY: API_KEY });
  const { token } = await board.createTenant({ agents: ['lucia'] });
  const other = await board.createTenant({ agents: ['mara'] });
  const [seen, ofOther] = await Promise.all([customer(board, token), customer(board, other.token)]);
  await waitFor(() => voice.open('agent:lucia').length === 1, 'the agent’s log to be tailed');
  voice.release('CA_parcel', 10);
  await waitFor(() => seen.some(({ data }) => data['seq'] === 10), 'the first piece');
  voice.slowAfter = 3;
  voice.drop();
  voice.release('CA_parcel', 8);
  await waitFor(() => seen.some(({ data }) => data['seq'] === 18), 'the second piece');
  voice.slowAfter = Infinity;
  await voice.stop();
  voice.release('CA_parcel', 10);
  await voice.listen();
  await waitFor(() => seen.some(({ data }) => data['seq'] === 28), 'the third piece', 20_000);
  voice.release('CA_parcel');
  await waitFor(() => seen.some(({ type }) => type === 'call.summary'), 'the end', 20_000);
  const durable = seen.filter(({ type }) => !/^(user\.speaking|speech\..*|bot\.word|audio\.metrics)$/.test(type));
  const expected = parcelEntries.filter(({ ephemeral, type }) => !ephemeral && !type.startsWith('log.'));
  expect(durable.map(({ type, data }) => [data['seq'], type])).toEqual(expected.map(({ seq, type }) => [seq, type]));
  expect(ofOther).toEqual([]);
  const gapped = voice.call('CA_gap', 'lucia');
  gapped.lostBefore = 12;
  voice.release('CA_gap');
  await waitFor(
    () => seen.some(({ type, data }) => type === 'call.summary' && data['callId'] === 'CA_gap'),
    'the call behind the gap',
    20_000,
  );
  const afterGap = seen.filter(({ data }) => data['callId'] === 'CA_gap');
  expect(afterGap[0]).toMatchObject({ type: 'log.gap', data: { after: 0, resumeFrom: 12, reason: 'upstream' } });
  expect(afterGap[1]?.data['seq']).toBe(12);
});

it('wire C: a call that began before a transfer, and is read after it, stays the old owner’s', async () => {
  const voice = await voiceServer();
  voice.agentLog('lucia');
  const board = await start({ SOURCES: voice.source, PINECALL_API_KEY: API_KEY });
  const acme = await board.createTenant({ agents: ['lucia'] });
  const globex = await board.createTenant();
  const [ofAcme, ofGlobex] = await Promise.all([customer(board, acme.token), customer(board, globex.token)]);
  await waitFor(() => voice.open('agent:lucia').length === 1, 'the agent’s log to be tailed');
  const at = (call: string) => parcelCall(call, 'lucia').map((entry) => ({ ...entry, ts: Date.now() / 1000 }));
  await voice.stop();
  voice.call('CA_before', 'lucia', at('CA_before'));
  const owner = { tenant: globex.id, from: acme.id };
  expect((await board.admin('PUT', '/v1/admin/agents/lucia/owner', owner)).status).toBe(200);
  voice.call('CA_after', 'lucia', at('CA_after'));
  voice.release('CA_before');
  voice.release('CA_after');
  await voice.listen();
  const isOver = (seen: readonly Seen[]) => seen.some(({ type }) => type === 'call.summary');
  await waitFor(() => isOver(ofAcme) && isOver(ofGlobex), 'both calls', 20_000);
  const callsIn = (seen: readonly Seen[]) => [...new Set(seen.map(({ data }) => data['callId']))];
  expect([callsIn(ofAcme), callsIn(ofGlobex)]).toEqual([['CA_before'], ['CA_after']]);
});

/** A call's transcript as the common monitor of a customer's page keeps it. */
function transcript(seen: readonly Seen[], callId: string): string[] {
  const lines = new Map<string, string>();
  for (const { type, data } of seen.filter((one) => one.data['callId'] === callId)) {
    const key = String(data['messageId']);
    if (type === 'user.message') lines.set(key, `user: ${String(data['text'])}`);
    if (type === 'bot.speaking' && data['text'] !== '') lines.set(key, `bot: ${String(data['text'])}`);
    if (type === 'bot.corrected') lines.set(key, `bot: ${String(data['text'])}`);
    if (type === 'call.ended') lines.set('end', `ended: ${String(data['reason'])} after ${String(data['duration'])}`);
  }
  return [...lines.values()];
}

it('the same conversation over A, B and C gives a customer the same transcript', async () => {
  const [agents, voice] = [await agentProcess(), await voiceServer()];
  voice.call('CA_c', 'lucia');
  const board = await start({
    SOURCES: [agents.sseEntry, agents.wsEntry('beto'), voice.source].join(','),
    PINECALL_API_KEY: API_KEY,
  });
  const { token } = await board.createTenant({ agents: ['alba', 'beto', 'lucia'] });
  const seen = await customer(board, token);
  await waitFor(() => agents.readers === 2 && voice.open('agent:lucia').length === 1, 'all sources to be live');
  voice.release('CA_c');
  // The whole call as the SDK would say it on its own wires.
  for (const { type, data, ephemeral } of parcelEntries.filter(
    (entry) => !entry.ephemeral && !entry.type.startsWith('log.'),
  )) {
    const { id, ...fields } = data as { id?: string };
    const event = { ...fields, ...(id === undefined ? {} : { messageId: id }), ephemeral };
    await agents.sendSse(`event: ${type}\ndata: ${JSON.stringify({ callId: 'CA_a', agent: 'alba', ...event })}\n\n`);
    await agents.sendMessage(JSON.stringify({ event: type, callId: 'CA_b', agent: 'beto', ...event }), 'beto');
  }
  await waitFor(
    () =>
      ['CA_a', 'CA_b', 'CA_c'].every((call) =>
        seen.some(({ type, data }) => type === 'call.ended' && data['callId'] === call),
      ),
    'all three calls',
  );
  const [a, b, c] = ['CA_a', 'CA_b', 'CA_c'].map((call) => transcript(seen, call));
  expect(c).toEqual([
    'user: Good morning, I want to move my parcel delivery.',
    'user: Good morning, I want to move my parcel delivery. Parcel P-4402.',
    'bot: Your parcel P-4402 has left.',
    'user: Which day does it come?',
    'bot: It comes on Saturday.',
    'user: Then send it back.',
    'ended: caller_hangup after 18.4',
  ]);
  expect(a).toEqual(c);
  expect(b).toEqual(c);
});
