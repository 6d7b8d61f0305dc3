/** What people ask of a source's upstream about one call: its recording, or to steer it. */
import type { Readable } from 'node:stream';

/** The head of an upstream's answer. Whoever is given it reads the body, or destroys it. */
export interface UpstreamAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Readable;
}

/** The upstream is asked too often, and is not asked until then. */
export class UpstreamBusy extends Error {
  constructor(readonly retryAfterMs: number) {
    super('the upstream wants to be asked less often');
  }
}

/**
 * These are plain requests with the source's key, so any process sends them: also one on which the source is on
 * standby. Each method rejects when nothing answers in time, when the signal aborts, and with {@link UpstreamBusy}.
 * Other refusals are answers.
 */
export interface UpstreamCalls {
  /** Where it is, as a base of relative addresses. */
  readonly origin: string;
  /** The agent that the upstream names in the call's log; undefined: it does not know the call. */
  agentOf(call: string, signal: AbortSignal): Promise<string | undefined>;
  /** The audio. `headers`: `range` and `if-range`, as the client sent them. */
  recording(call: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<UpstreamAnswer>;
  /** Sends a verb with its fields. Status 202: it was accepted. */
  steer(call: string, verb: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<UpstreamAnswer>;
  close(): Promise<void>;
}
