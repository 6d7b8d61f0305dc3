import type { DecodedEvent } from '../../src/events/log/event.js';
import { SimulatorSource } from '../../src/sources/simulator.source.js';
import { EventSink, InvalidSource } from '../../src/sources/source.js';
import { CollectingSink } from '../support/collecting-sink.js';

const FAST = 'speed=20000&rate=30';
const live = () => undefined;
const never = new AbortController().signal;
const ofType = (events: readonly DecodedEvent[], type: string) => events.filter((event) => event.type === type);

describe('a run of the simulator', () => {
  it.each([
    ['waits for the first word', 'simulator:?speed=0.01', false],
    ['finds the sink full', 'simulator:?speed=2', true],
  ])('stops at once when told to while it %s', async (_, entry, full) => {
    const sink = new CollectingSink();
    sink.fill();
    const stop = new AbortController();
    const run = new SimulatorSource(entry).run(sink, live, stop.signal);
    if (full) await sink.until((events) => events.length > 0);
    const abortedAt = performance.now();
    stop.abort();
    await run;
    expect(performance.now() - abortedAt).toBeLessThan(500);
    expect(sink.events.length > 0).toBe(full);
  });

  it('stops as quietly when everything that waits is rejected, and before it has begun', async () => {
    const stop = new AbortController();
    const rejected = () =>
      new Promise<void>((_, reject) => stop.signal.addEventListener('abort', () => reject(new Error('stop'))));
    let pushed = 0;
    let sink: EventSink = new CollectingSink();
    const first = new Promise<void>((resolve) => {
      const push = () => {
        pushed += 1;
        resolve();
        return rejected();
      };
      sink = { push, room: rejected };
    });
    const run = new SimulatorSource(`simulator?${FAST}`).run(sink, live, stop.signal);
    await first;
    stop.abort();
    await run;
    await new SimulatorSource('simulator').run(sink, live, stop.signal);
    expect(pushed).toBe(1);
  });

  it('asks for room after every push, and pushes no more before there is some', async () => {
    const steps: string[] = [];
    const stop = new AbortController();
    // Another one, which always has room: there is some here when it has said something since.
    const other = new CollectingSink();
    const running = new SimulatorSource(`simulator:?${FAST}`).run(other, live, stop.signal);
    const sink = {
      push: () => {
        if (steps.push('push') > 60) stop.abort();
        return Promise.resolve();
      },
      room: async () => {
        const before = other.events.length;
        await other.until(({ length }) => length > before);
        steps.push('room');
      },
    };
    await new SimulatorSource(`simulator:?${FAST}`).run(sink, live, stop.signal);
    await running;
    expect(steps.join(' ')).toMatch(/^(push room )+push$/);
  });

  it('fails when the sink does, so that the supervisor hears of it', async () => {
    const sink = { push: () => Promise.reject(new Error('broken')), room: () => Promise.resolve() };
    await expect(new SimulatorSource('simulator').run(sink, live, never)).rejects.toThrow('broken');
  });

  it('ends after the calls that it was to make, and is quiet when it is run again', async () => {
    const sink = new CollectingSink();
    const source = new SimulatorSource(`simulator:?${FAST}&calls=3&agents=mara+zoe`);
    await source.run(sink, live, never);
    expect(ofType(sink.events, 'call.ended').length + ofType(sink.events, 'whatsapp.sessionEnded').length).toBe(3);
    expect(new Set(sink.events.map(({ agent }) => agent))).toEqual(new Set(['mara', 'zoe']));
    const count = sink.events.length;
    const stop = new AbortController();
    const again = source.run(sink, live, stop.signal);
    // As long as it would take to make them all again.
    await new SimulatorSource(`simulator:?${FAST}&calls=3`).run(new CollectingSink(), live, never);
    stop.abort();
    await again;
    expect(sink.events.length).toBe(count);
  });

  it.each([
    ['simulator:?rate=0', 'SOURCES: simulator: rate must be a number from 0.01 to 6000'],
    ['simulator:?rate=1&rate=2', 'SOURCES: simulator: rate must be a number from 0.01 to 6000'],
    [
      'simulator:?speed=fast&calls=0',
      'SOURCES: simulator: speed must be a number from 0.01 to 100000; calls must be a whole number from 1 to 1000000000',
    ],
    ['simulator:?seed=-1', `SOURCES: simulator: seed must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`],
    ['simulator:?agents=,', 'SOURCES: simulator: agents must name at least one agent'],
    ['simulator:?tempo=3', 'SOURCES: simulator: Unrecognized key: "tempo"'],
    ['simulator://x', 'SOURCES: the simulator is written "simulator" or "simulator:?rate=2&seed=42"'],
  ])('refuses %s in one readable line', (entry, line) => {
    const read = () => new SimulatorSource(entry);
    expect(read).toThrow(InvalidSource);
    expect(read).toThrow(new Error(line));
  });

  it.each(['simulator', 'simulator:', 'simulator?rate=6', 'simulator:?agents=mara,julia&speed=1.5'])(
    'takes %s',
    (entry) => {
      expect(new SimulatorSource(entry).name).toBe('simulator');
    },
  );
});
