import { AgentSseSource } from '../../src/sources/pinecall/agent-sse.source.js';
import { AgentWsSource } from '../../src/sources/pinecall/agent-ws.source.js';
import { InvalidSource } from '../../src/sources/source.js';
import { TOKEN, failure, follow, message, numbers, startDouble, stopAll, wires } from '../support/agent-sources.js';
import { waitFor } from '../support/wait-for.js';

afterEach(stopAll);

describe.each(['sse', 'ws'] as const)('a connection over the %s wire', (wire) => {
  const { create, say, impatient } = wires[wire];

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
    await waitFor(() => double.readers === 0);
  });

  it('finds out that its peer takes connections and says nothing', async () => {
    const double = await startDouble();
    double.hang();
    expect(await failure(create(double, impatient))).toMatch(/nothing came from|timed out/);
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
    expect(run.isEnded()).toBe(false);
    run.sink.empty();
    await expect(run.ended).rejects.toThrow(/nothing came/);
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
    const double = await startDouble({ token: undefined });
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
    const lively = await follow(wires.ws.create(double, wires.ws.impatient));
    await waitFor(() => double.pings >= 4);
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
