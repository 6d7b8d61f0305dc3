import { Logger } from '@nestjs/common';
import { MIB, follow, numbers, startDouble, stopAll, typeAndData, wires } from '../support/agent-sources.js';
import { CollectingSink } from '../support/collecting-sink.js';
import { waitFor } from '../support/wait-for.js';

const logged: string[] = [];
const log = (line: unknown) => void logged.push(String(line));

beforeAll(() => {
  Logger.overrideLogger({ log, warn: log, error: log });
});
afterEach(stopAll);

describe.each(['sse', 'ws'] as const)('the %s wire of an agent process', (wire) => {
  const { create, frames, say, sayRaw } = wires[wire];

  it.each([undefined, 3, 7, 1000])(
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
    await waitFor(() => double.readers === 0);
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

  it('passes over what is not a JSON object, says so once without its content, and hands on what stands behind', async () => {
    const double = await startDouble();
    const { sink } = await follow(create(double));
    logged.length = 0;
    for (const poison of ['{', 'null', '[]', '"secret"', '12', 'secret']) await sayRaw(double, poison);
    await say(double, 1);
    await sink.until((events) => events.length > 0);
    expect(numbers(sink.events)).toEqual([1]);
    expect(logged).toEqual([expect.stringMatching(/passed over 1 × \w+ (?!.*secret)/)]);
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

  it('ends when it is told to, also while its sink is full, and leaves the agent process', async () => {
    const double = await startDouble();
    const run = await follow(create(double));
    run.sink.fill();
    await say(double, 1);
    await run.sink.until((events) => events.length === 1);
    run.stop();
    await expect(run.ended).resolves.toBeUndefined();
    await waitFor(() => double.readers === 0);
    await expect(create(double).run(run.sink, () => undefined, AbortSignal.abort())).resolves.toBeUndefined();
    expect(double.accepted).toBe(1);
  });

  it('ends when it is told to while it is connecting', async () => {
    const double = await startDouble();
    double.hang();
    const abort = new AbortController();
    const ended = create(double).run(new CollectingSink(), () => undefined, abort.signal);
    await waitFor(() => double.latest !== undefined);
    abort.abort();
    await expect(ended).resolves.toBeUndefined();
  });

  it('leaves no rejection behind when the sink gives up its events', async () => {
    const double = await startDouble();
    const sink = new CollectingSink();
    sink.push = (events) => {
      sink.events.push(...events);
      return Promise.reject(new Error('told to stop'));
    };
    await follow(create(double), sink);
    await say(double, 1);
    await say(double, 2);
    await sink.until((events) => events.length === 2); // Jest fails a test during which a rejection goes unhandled.
  });
});
