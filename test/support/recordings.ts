/** What was recorded of Pinecall's wires, frame by frame. The greeting (`connected`) comes first on A and B. */
import { readFileSync } from 'node:fs';
import type { LogEntry } from '../../src/sources/pinecall/decode.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

export interface AgentFrame {
  readonly type: string;
  /** As JSON.parse gives it; on wire B without `event`. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The bytes' text: an SSE frame with its blank line, or a message. */
  readonly text: string;
}

/** Wire A's recording: a whole process. */
export const sseFrames: readonly AgentFrame[] = (fixture('pc-stream.sse').match(/.+?\n\n/gs) ?? []).map((text) => {
  const [, type = '', data = ''] = /^event: (.+?)\ndata: (.+?)\n\n$/s.exec(text) ?? [];
  return { type, data: JSON.parse(data) as AgentFrame['data'], text };
});

/** Wire B's recording: agent mara. */
export const wsFrames: readonly AgentFrame[] = fixture('agent-ws.jsonl').trimEnd().split('\n').map((text) => {
  const { event, ...data } = JSON.parse(text) as Record<string, unknown> & { event: string };
  return { type: event, data, text };
}); // prettier-ignore

/** Wire A, captured from a production call, with the repeats that it had. */
export const replayFrames: readonly Omit<AgentFrame, 'text'>[] = (
  JSON.parse(fixture('repeats.json')) as { frames: { event: string; data: AgentFrame['data'] }[] }
).frames.map(({ event, data }) => ({ type: event, data }));

/** Wire C: a whole call of agent lucia. */
export const parcelEntries = (JSON.parse(fixture('call-log-parcel.json')) as { entries: readonly LogEntry[] }).entries;
