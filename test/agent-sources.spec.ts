import type { DecodedEvent } from '../src/events/event.js';
import { AgentSseSource } from '../src/sources/pinecall/agent-sse.source.js';
import { AgentWsSource } from '../src/sources/pinecall/agent-ws.source.js';
import { InvalidSource, Source } from '../src/sources/source.js';
import { AgentProcess } from './support/agent-process.js';
import { CollectingSink, eventually } from './support/collecting-sink.js';
import { sseFrames, wsFrames } from './support/recordings.js';

const TOKEN = 'source-token-4711';
const MIB = 1024 * 1024;
const frame = (n: number, text = '') => `event: user.message\ndata: ${JSON.stringify({ agent: 'mara', n, text })}\n\n`;
const message = (n: number, text = '') => JSON.stringify({ event: 'user.message', agent: 'mara', n, text });
const typeAndData = ({ type, data }: Pick<DecodedEvent, 'type' | 'data'>) => ({ type, data });
const numbers = (events: readonly DecodedEvent[]) => events.map(({ data }) => data['n']);

/** What differs between the wires; what is promised doesn't. */
const wires = {
  sse: {
    create: (double: AgentProcess, options = {}) => new AgentSseSource(double.sseEntry, { token: TOKEN, ...options }),
    frames: sseFrames.slice(1).map(typeAndData),
    say: (double: AgentProcess, n: number, text?: string) => double.sendSse(frame(n, text)),
    sayRaw: (double: AgentProcess, text: string) => double.sendSse(`event: user.message\ndata: ${text}\n\n`),
    impatient: { silenceMs: 50 },
  },
  ws: {
    create: (double: AgentProcess, options = {}) => new AgentWsSource(double.wsEntry(), { token: TOKEN, ...options }),
    frames: wsFrames.slice(1).map(typeAndData),
    say: (double: AgentProcess, n: number, text?: string) => double.sendMessage(message(n, text)),
    sayRaw: (double: AgentProcess, text: string) => double.sendMessage(text),
    impatient: { pingMs: 20 },
  },
} as const;

interface Run {
  readonly sink: CollectingSink;
  readonly ended: Promise<void>;
  readonly stop: () => void;
}

const doubles: AgentProcess[] = [];
const stops: (() => void)[] = [];

async function startDouble(options = {}): Promise<AgentProcess> {
  const double = await AgentProcess.start({ token: TOKEN, ...options });
  doubles.push(double);
  return double;
}

/** Runs a source; resolves when it is live. */
async function follow(source: Source, sink = new CollectingSink()): Promise<Run> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  stops.push(stop);
  let ended: Promise<void> = Promise.resolve();
  await new Promise<void>((live, failed) => {
    ended = source.run(sink, live, abort.signal);
    ended.then(() => failed(new Error('ended before it was live')), failed);
  });
  return { sink, ended, stop };
}

/** The text of the error with which it ends without having been live. */
async function failure(source: Source): Promise<string> {
  const error = await follow(source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Error ? error.message : 'no error';
}

afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await Promise.all(doubles.splice(0).map((double) => double.stop()));
});

describe.each(['sse', 'ws'] as const)('the %s wire of an agent process', (wire) => {
  const { create, frames, say, sayRaw, impatient } = wires[wire];

  it.each([undefined, 1, 7, 1000])(
    'hands on every frame, in order and unchanged, in pieces of %p bytes',
    async (size) => {
      const double = await startDouble(size === undefined ? {} : { pieceBytes: size });
      const { sink } = await follow(create(double));
      await double.send();
      await sink.until((events) => events.length >= frames.length);
      expect(sink.events.map(typeAndData)).toEqual(frames);
      expect(sink.events[0]).toMatchObject({
        agent: 'mara',
        callId: 'CA_abc',
        identity: ['call', 'CA_abc', 'call.started'],
      });
    },
  );

  it('fails when it is cut off, and goes on with what comes next when it is run again', async () => {
    const double = await startDouble();
    const source = create(double);
    const sink = new CollectingSink();
    const first = await follow(source, sink);
    await double.send(5);
    await sink.until((events) => events.length === 5);
    double.drop();
    await expect(first.ended).rejects.toThrow(/connection/);
    await eventually(() => double.readers === 0);
    await follow(source, sink);
    await double.send(5);
    await sink.until((events) => events.length === 10);
    expect(sink.events.map(typeAndData)).toEqual(frames.slice(0, 10));
    expect(double.accepted).toBe(2);
  });

  it('ends without an error when the agent process says goodbye', async () => {
    const double = await startDouble();
    const { ended } = await follow(create(double));
    double.end();
    await expect(ended).resolves.toBeUndefined();
  });

  it('presents its token', async () => {
    const double = await startDouble();
    await follow(create(double));
    expect(double.latest?.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('says readably that it was refused, without the token', async () => {
    const double = await startDouble();
    const text = await failure(create(double, { token: 'wrong-4712' }));
    expect(text).toBe('the agent process answered with status 401: is SOURCE_TOKEN right?');
    double.refuse(503);
    expect(await failure(create(double))).toBe('the agent process answered with status 503');
  });

  it('says readably that nobody is there', async () => {
    const double = await startDouble();
    const source = create(double);
    await double.stop();
    expect(await failure(source)).toMatch(/^the connection failed: .*ECONNREFUSED/);
  });

  it('finds out that its peer has fallen silent', async () => {
    const double = await startDouble();
    const { ended } = await follow(create(double, impatient));
    double.hang();
    await expect(ended).rejects.toThrow(/nothing came from the agent process/);
    await eventually(() => double.readers === 0);
  });

  it('finds out that its peer takes connections and says nothing', async () => {
    const double = await startDouble();
    double.hang();
    expect(await failure(create(double, impatient))).toMatch(/nothing came from|timed out/);
  });

  it('passes over what is not a JSON object, and hands on what stands behind it', async () => {
    const double = await startDouble();
    const { sink } = await follow(create(double));
    for (const poison of ['{', 'null', '[]', '"text"', '12', 'not json']) await sayRaw(double, poison);
    await say(double, 1);
    await sink.until((events) => events.length > 0);
    expect(numbers(sink.events)).toEqual([1]);
  });

  it('keeps the digits of a number that a double cannot hold', async () => {
    const double = await startDouble();
    const { sink } = await follow(create(double));
    await sayRaw(double, '{"event":"user.message","agent":"mara","big":9007199254740993}');
    await sink.until((events) => events.length === 1);
    expect(String(sink.events[0]?.data['big'])).toMatch(/9007199254740993$/);
  });

  it('fails rather than take in a frame of more than a mebibyte', async () => {
    const double = await startDouble();
    const { ended, sink } = await follow(create(double));
    void sayRaw(double, `{"text":"${'x'.repeat(2 * MIB)}"}`);
    await expect(ended).rejects.toThrow(/longer than|payload size exceeded/);
    expect(sink.events).toEqual([]);
  });

  it('stops reading while its sink is full, and goes on when there is room', async () => {
    const double = await startDouble();
    const [slow, quick] = [await follow(create(double)), await follow(create(double))];
    slow.sink.fill();
    const count = 160;
    const sending = Array.from({ length: count }, (_, n) => say(double, n, 'x'.repeat(MIB / 4)));
    await quick.sink.until((events) => events.length === count, 20_000);
    // The quick one has had time to read all; with the slow one, what TCP's buffers don't hold is still at the double.
    expect(slow.sink.events.length).toBeLessThan(5);
    expect(double.stuckBytes).toBeGreaterThan(MIB);
    slow.sink.empty();
    await slow.sink.until((events) => events.length === count, 20_000);
    await Promise.all(sending);
    expect(numbers(slow.sink.events)).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  it('does not take a full sink for a silent peer', async () => {
    const double = await startDouble();
    const run = await follow(create(double, impatient));
    run.sink.fill();
    await say(double, 1);
    await run.sink.until((events) => events.length === 1);
    const other = await follow(create(double, impatient));
    double.hang();
    await expect(other.ended).rejects.toThrow(/nothing came/); // So long has the first one waited, too.
    run.sink.empty();
    await expect(run.ended).rejects.toThrow(/nothing came/);
  });

  it('ends when it is told to, also while its sink is full, and leaves the agent process', async () => {
    const double = await startDouble();
    const run = await follow(create(double));
    run.sink.fill();
    await say(double, 1);
    await run.sink.until((events) => events.length === 1);
    run.stop();
    await expect(run.ended).resolves.toBeUndefined();
    await eventually(() => double.readers === 0);
    await expect(create(double).run(run.sink, () => undefined, AbortSignal.abort())).resolves.toBeUndefined();
    expect(double.accepted).toBe(1);
  });

  it('ends when it is told to while it is connecting', async () => {
    const double = await startDouble();
    double.hang();
    const abort = new AbortController();
    const ended = create(double).run(new CollectingSink(), () => undefined, abort.signal);
    await eventually(() => double.latest !== undefined);
    abort.abort();
    await expect(ended).resolves.toBeUndefined();
  });

  it('leaves no rejection behind when the sink gives up its events', async () => {
    const double = await startDouble();
    const sink = new CollectingSink();
    const push = sink.push.bind(sink);
    sink.push = async (events) => {
      await push(events);
      throw new Error('told to stop');
    };
    await follow(create(double), sink);
    await say(double, 1);
    await say(double, 2);
    await sink.until((events) => events.length === 2); // Jest fails a test during which a rejection goes unhandled.
  });
});

describe('the SSE wire of an agent process', () => {
  it('refuses what is not an event stream', async () => {
    const double = await startDouble();
    double.refuse(200, 'text/html; charset=utf-8');
    expect(await failure(wires.sse.create(double))).toMatch(/something other than text\/event-stream/);
  });

  it('asks for its query as it is, and has nothing of it in its name', async () => {
    const double = await startDouble();
    const source = new AgentSseSource(`sse+http://${double.host}/events?token=s3cret&agents=mara,julia`, {
      token: TOKEN,
    });
    await follow(source);
    expect(double.latest?.url).toBe('/events?token=s3cret&agents=mara,julia');
    expect(source.name).toBe(`sse+http://${double.host}/events`);
  });

  it('presents userinfo as Basic when there is no token', async () => {
    const double = await AgentProcess.start();
    doubles.push(double);
    const source = new AgentSseSource(`sse+http://me:p%40ss@${double.host}/events`);
    await follow(source);
    expect(double.latest?.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(source.name).toBe(`sse+http://${double.host}/events`);
  });

  it('passes on a frame of an unknown type, and none of the greetings and pings', async () => {
    const double = await startDouble();
    const { sink } = await follow(wires.sse.create(double));
    await double.sendSse(':ping\n\nevent: ping\ndata: {}\n\nevent: brand.new\ndata: {"agent":"mara"}\n\n');
    await sink.until((events) => events.length > 0);
    expect(sink.events.map(({ type }) => type)).toEqual(['brand.new']);
  });
});

describe('the WebSocket wire of an agent process', () => {
  it('passes over a binary message', async () => {
    const double = await startDouble();
    const { sink } = await follow(wires.ws.create(double));
    await double.sendMessage(Buffer.from(message(1)));
    await double.sendMessage(message(2));
    await sink.until((events) => events.length > 0);
    expect(numbers(sink.events)).toEqual([2]);
  });

  it('passes on no pings, and every message without the key that names its type', async () => {
    const double = await startDouble();
    const { sink } = await follow(wires.ws.create(double));
    await double.sendMessage('{"event":"ping"}');
    await double.sendMessage('{"event":"pong"}');
    await double.sendMessage('{"event":"brand.new","agent":"mara","__proto__":{"a":1}}');
    await sink.until((events) => events.length > 0);
    expect(sink.events.map(({ type }) => type)).toEqual(['brand.new']);
    expect(Object.keys(sink.events[0]?.data ?? {})).toEqual(['agent', '__proto__']);
  });

  it('takes pongs for a sign of life', async () => {
    const double = await startDouble();
    const lively = await follow(wires.ws.create(double, { pingMs: 20 }));
    await eventually(() => double.pings >= 5);
    await double.sendMessage(message(1));
    await lively.sink.until((events) => events.length === 1);
  });

  it('is named for its agent, without what is secret', () => {
    const source = new AgentWsSource('ws+wss://me:secret@agents:8443/ws/events?token=s3cret&agent=mara&call=CA_1');
    expect(source.name).toBe('ws+wss://agents:8443/ws/events?agent=mara');
    expect(new AgentWsSource('ws+ws://agents:8080/ws/events').name).toBe('ws+ws://agents:8080/ws/events');
  });
});

describe('a SOURCES entry that cannot be', () => {
  it.each([
    () => new AgentSseSource('sse+ftp://me:s3cret@agents/events'),
    () => new AgentSseSource('sse+http://me:s3cret@:x/'),
    () => new AgentSseSource('sse+http://me:s3cret%@agents/'),
    () => new AgentWsSource('ws+http://agents/?token=s3cret'),
    () => new AgentWsSource('ws+ws://agents/', { token: 's3cret\nX-Other: 1' }),
  ])('is refused in one readable line without secrets (%#)', (create) => {
    expect(create).toThrow(InvalidSource);
    expect(create).toThrow(/^(SOURCES|SOURCE_TOKEN): (?!.*(s3cret|\n))/);
  });
});
