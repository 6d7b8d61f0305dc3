/** The two wires of an agent process, for tests of what both promise: how to run a source against the double. */
import type { DecodedEvent } from '../../src/events/log/event.js';
import { AgentSseSource } from '../../src/sources/pinecall/agent-sse.source.js';
import { AgentWsSource } from '../../src/sources/pinecall/agent-ws.source.js';
import type { Source } from '../../src/sources/source.js';
import { AgentProcess } from './agent-process.js';
import { CollectingSink } from './collecting-sink.js';
import { sseFrames, wsFrames } from './recordings.js';

export const TOKEN = 'source-token-4711';
export const MIB = 1024 * 1024;
const frame = (n: number, text = '') => `event: user.message\ndata: ${JSON.stringify({ agent: 'mara', n, text })}\n\n`;
export const message = (n: number, text = '') => JSON.stringify({ event: 'user.message', agent: 'mara', n, text });
export const typeAndData = ({ type, data }: Pick<DecodedEvent, 'type' | 'data'>) => ({ type, data });
export const numbers = (events: readonly DecodedEvent[]) => events.map(({ data }) => data['n']);

/**
 * What differs between the wires; what is promised doesn't. `impatient`: short, but a busy machine stands still for
 * long.
 */
export const wires = {
  sse: {
    create: (double: AgentProcess, options = {}) => new AgentSseSource(double.sseEntry, { token: TOKEN, ...options }),
    frames: sseFrames.slice(1).map(typeAndData),
    say: (double: AgentProcess, n: number, text?: string) => double.sendSse(frame(n, text)),
    sayRaw: (double: AgentProcess, text: string) => double.sendSse(`event: user.message\ndata: ${text}\n\n`),
    impatient: { silenceMs: 800 },
  },
  ws: {
    create: (double: AgentProcess, options = {}) => new AgentWsSource(double.wsEntry(), { token: TOKEN, ...options }),
    frames: wsFrames.slice(1).map(typeAndData),
    say: (double: AgentProcess, n: number, text?: string) => double.sendMessage(message(n, text)),
    sayRaw: (double: AgentProcess, text: string) => double.sendMessage(text),
    impatient: { pingMs: 300 },
  },
} as const;

export interface Run {
  readonly sink: CollectingSink;
  readonly ended: Promise<void>;
  isEnded(): boolean;
  readonly stop: () => void;
}

const doubles: AgentProcess[] = [];
const stops: (() => void)[] = [];

export async function startDouble(options = {}): Promise<AgentProcess> {
  const double = await AgentProcess.start({ token: TOKEN, ...options });
  doubles.push(double);
  return double;
}

/** Runs a source; resolves when it is live. */
export async function follow(source: Source, sink = new CollectingSink()): Promise<Run> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  stops.push(stop);
  let ended: Promise<void> = Promise.resolve();
  await new Promise<void>((live, failed) => {
    ended = source.run(sink, live, abort.signal);
    ended.then(() => failed(new Error('ended before it was live')), failed);
  });
  let isEnded = false;
  void ended.catch(() => undefined).finally(() => (isEnded = true)); // What it rejects with is the test's to look at.
  return { sink, ended, isEnded: () => isEnded, stop };
}

/** The text of the error with which it ends without having been live. */
export async function failure(source: Source): Promise<string> {
  const error = await follow(source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Error ? error.message : 'no error';
}

/** After each test: ends what it started. */
export async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0)) stop();
  await Promise.all(doubles.splice(0).map((double) => double.stop()));
}
