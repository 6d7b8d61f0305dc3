/**
 * What people ask of the gateway's double about one call: its recording (ranges, redirects, stalls) and verbs. A verb
 * that changes who speaks is followed by its entry in the call's log, as at a gateway.
 */
import type { ServerResponse } from 'node:http';
import type { Gateway } from './pinecall2-gateway.js';
import type { CallLog, WireEntry } from './pinecall2-log.js';
import type { Reply, Request } from './pinecall2-streams.js';

/** Troubles of recordings and verbs, switched on by the test. */
export interface DeskTroubles {
  /** Where recordings are, instead of here. */
  redirectTo?: string | undefined;
  /** Answered instead of a recording, or to a verb. */
  recordingStatus?: number | undefined;
  verbStatus?: number | undefined;
  /** Of a recording only so many bytes are sent; then nothing, or (`breaks`) the connection is cut. */
  stallAfter?: number | undefined;
  breaks?: boolean | undefined;
  contentType?: string | undefined;
}

/** Who a takeover is by: the key, as it is named at the gateway. */
export const KEY_NAME = 'Switchboard key';
const ETAG = '"v1"';
const AFTERWARDS: Readonly<Record<string, string>> = {
  takeover: 'supervisor.took_over',
  release: 'supervisor.released',
  say: 'supervisor.said',
  whisper: 'supervisor.whispered',
};

export function steer(gateway: Gateway, log: CallLog, { body }: Request, reply: Reply): void {
  const { verbStatus } = gateway.desk;
  if (verbStatus !== undefined) return reply.json(verbStatus, { detail: 'No.' });
  if (log.isSealed) return reply.json(409, { detail: 'The call is over.' });
  const said = JSON.parse(body) as { verb: string; text?: string };
  gateway.verbs.push({ call: log.call, body: said });
  reply.json(202, { call: log.call, verb: said.verb, seq: null });
  const type = AFTERWARDS[said.verb];
  if (type === undefined) return;
  const data = { by: { id: 'k_1', name: KEY_NAME }, ...(said.text !== undefined && { text: said.text }) };
  log.add(entryOf(log, type, data));
  gateway.release(log.call, 1);
}

/** The next entry of a log, now. */
export function entryOf({ call, agent, lastSeq }: CallLog, type: string, data: object, ahead = 1): WireEntry {
  return { seq: lastSeq + ahead, ts: Date.now() / 1000, call, agent, type, ephemeral: false, data };
}

/** A spoken call that goes on. */
export function beginCall(gateway: Gateway, call: string, agent: string): CallLog {
  const log = gateway.call(call, agent, []);
  const line = { from: '+441632960011', to: '+441632960100', channel: 'phone' };
  const now = Date.now() / 1000;
  log.add(
    entryOf(log, 'call.ringing', { ...line, route: line }, 1),
    entryOf(log, 'call.started', { ...line, direction: 'inbound', started_at: now, medium: 'voice' }, 2),
    entryOf(log, 'turn.agent', { speech_id: 's1', text: 'Harbour desk, good morning.', interrupted: false, metrics: { started_speaking_at: now, stopped_speaking_at: now + 2 } }, 3), // prettier-ignore
    entryOf(log, 'turn.user', { speech_id: 's2', text: 'Is the late ferry running?', metrics: { started_speaking_at: now + 3, stopped_speaking_at: now + 5 } }, 4), // prettier-ignore
  );
  gateway.release(call);
  return log;
}

/** It ends, is summarised and judged; with a recording if there is audio. */
export function endCall(gateway: Gateway, log: CallLog, audio?: Buffer): void {
  if (audio) gateway.recordings.set(log.call, audio);
  const recording = audio ? { recording: `recordings/${log.call}.ogg` } : {};
  log.add(
    entryOf(log, 'call.ended', { reason: 'caller_hung_up', ended_by: 'caller', duration_s: 20 }, 1),
    entryOf(log, 'call.summary', { reason: 'caller_hung_up', duration_s: 20, turns: 2, ...recording }, 2),
    entryOf(log, 'call.score', { judges: [], judge_calls: 0, not_judged: 'off' }, 3),
  );
  gateway.release(log.call);
}

export function record(gateway: Gateway, log: CallLog, { headers }: Request, reply: Reply): void {
  const { redirectTo, recordingStatus } = gateway.desk;
  if (recordingStatus !== undefined) return reply.json(recordingStatus, { detail: 'No.' });
  if (redirectTo !== undefined) return reply.json(307, {}, { location: redirectTo });
  const audio = gateway.recordings.get(log.call);
  if (!audio) return reply.json(404, { detail: 'No recording.' });
  sendAudio(reply.response, audio, headers, gateway.desk);
}

/** As a server of files would: one range, `If-Range` by its ETag. */
export function sendAudio(
  response: ServerResponse,
  audio: Buffer,
  { range, 'if-range': ifRange }: { range?: string | undefined; 'if-range'?: string | string[] | undefined },
  { stallAfter, breaks, contentType = 'audio/ogg' }: DeskTroubles = {},
): void {
  const base = { 'content-type': contentType, 'accept-ranges': 'bytes', etag: ETAG };
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  const isWhole = (from === '' && to === '') || (ifRange !== undefined && ifRange !== ETAG);
  const first = isWhole ? 0 : from === '' ? Math.max(0, audio.length - Number(to)) : Number(from);
  const last = isWhole || from === '' || to === '' ? audio.length - 1 : Math.min(Number(to), audio.length - 1);
  if (first >= audio.length) {
    response.writeHead(416, { 'content-range': `bytes */${audio.length}` });
    response.end();
    return;
  }
  const part = audio.subarray(first, last + 1);
  const head = { ...base, 'content-length': String(part.length) };
  response.writeHead(
    isWhole ? 200 : 206,
    isWhole ? head : { ...head, 'content-range': `bytes ${first}-${last}/${audio.length}` },
  );
  if (stallAfter === undefined) return void response.end(part);
  response.write(part.subarray(0, stallAfter), () => breaks && response.destroy());
}
