/** Checks what the voice server sends once, at the edge; the code inside trusts a `LogEntry`. Pure. */
import { z } from 'zod';
import { numberIn, isObject } from '../../common/exact-number.js';
import { CallId, callIdSchema } from '../../common/ids.js';
import { LogEntry } from './decode.js';

type Fields = Readonly<Record<string, unknown>>;

/** `data` is only known to be an object: the decoder handles its contents, and unknown keys are customers' data. */
const entrySchema = z.looseObject({
  seq: z.int().nonnegative(),
  ts: z.preprocess((ts) => numberIn(ts) ?? ts, z.number()),
  call: z.string().nullable().default(null),
  agent: z.string(),
  type: z.string(),
  ephemeral: z.boolean().default(false),
  data: z.custom<Fields>(isObject),
});

const gapSchema = z.object({ resume_from: z.int().nonnegative() });

const rowSchema = z.looseObject({
  id: z.unknown().optional(),
  call: z.unknown().optional(),
  call_id: z.unknown().optional(),
  ended: z.unknown().optional(),
  ended_at: z.unknown().optional(),
  state: z.unknown().optional(),
  status: z.unknown().optional(),
});

const OVER = /^(ended|completed?|finished|done|closed|failed|cancell?ed|busy|no[-_]answer|hung[-_]?up)$/i;

/** The value as an entry or control marker; undefined: it is passed over. */
export function readEntry(value: unknown): LogEntry | undefined {
  return entrySchema.safeParse(value).data;
}

/** The number of a value that is not an entry, so that a page reader gets past it. */
export function seqOf(value: unknown): number | undefined {
  const seq = isObject(value) ? value['seq'] : undefined;
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
}

/**
 * The cursor after a `log.gap`. `resume_from` is the first entry that the server still has, and cursors are exclusive:
 * to go on from it is `after = resume_from - 1`. Source: the SDK's own reducer and guide ("moves lastSeq to resume_from
 * - 1").
 */
export function cursorAfterGap(marker: LogEntry): number | undefined {
  const gap = gapSchema.safeParse(marker.data).data;
  return gap && Math.max(0, gap.resume_from - 1);
}

/** The items of a page: `{"entries":[…]}`, `{"events":[…]}`, `{"calls":[…]}` or a bare array. */
export function itemsOf(body: unknown): readonly unknown[] | undefined {
  const items: unknown = isObject(body) ? (body['entries'] ?? body['events'] ?? body['calls']) : body;
  return Array.isArray(items) ? (items as unknown[]) : undefined;
}

/** The call that an entry of an agent's log is about. */
export function callOf(entry: LogEntry): CallId | undefined {
  return callIdSchema.safeParse(entry.call ?? entry.data['call']).data;
}

/** A row of `GET /v1/agents/{name}/calls`. Unless it says that it is over, the call counts as live. */
export function readCallRow(value: unknown): { readonly call: CallId; readonly over: boolean } | undefined {
  const row = rowSchema.safeParse(value).data;
  const call = callIdSchema.safeParse(row?.id ?? row?.call ?? row?.call_id).data;
  if (!row || call === undefined) return undefined;
  const over = [row.state, row.status].some((state) => typeof state === 'string' && OVER.test(state));
  return { call, over: over || Boolean(row.ended) || Boolean(row.ended_at) };
}

/**
 * True for the frame with which the server refuses: it does not answer the upgrade with a status, but sends
 * `{"error":"Invalid or expired token"}` and closes normally. (Measured by the SDK against voice.pinecall.io.)
 */
export function isRefusal(value: unknown): boolean {
  return isObject(value) && typeof value['type'] !== 'string' && typeof value['error'] === 'string';
}

/** True for the `{"live":…}` with which some servers greet. */
export function isGreeting(value: unknown): boolean {
  return isObject(value) && value['type'] === undefined && typeof value['live'] === 'boolean';
}
