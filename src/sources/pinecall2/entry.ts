/**
 * What a gateway sends, checked once at the edge. Inside, an `Entry` is believed. Pure. Facts: README.md, beside this.
 */
import { z } from 'zod';
import { numberIn } from '../../common/exact-number.js';
import { CallId, callIdSchema } from '../../common/ids.js';

export type Fields = Readonly<Record<string, unknown>>;

/** One entry of a log. `call` is null in an agent's own log. */
export interface Entry {
  readonly seq: number;
  /** Unix seconds. */
  readonly ts: number | null;
  readonly call: string | null;
  readonly agent: string;
  readonly type: string;
  readonly ephemeral: boolean;
  /** Its keys are snake_case; what is unknown is the decoder's to judge. */
  readonly data: Fields;
}

/** A call as `GET /v1/sessions` lists it. */
export interface SessionRow {
  readonly call: CallId;
  /** Its log is not sealed. */
  readonly live: boolean;
  /** The last durable entry. */
  readonly lastSeq: number;
  /** When its media came up, in milliseconds; undefined: never, or not yet. */
  readonly startedAt: number | undefined;
}

/** What `GET /v1/calls/{id}/events` answers. */
export interface LogPage {
  readonly entries: readonly unknown[];
  readonly live: boolean;
  /** The last seq that was read for the page; null: nothing lies above the cursor. */
  readonly next: number | null;
}

const number = z.preprocess((value) => numberIn(value) ?? value, z.number());
const seq = z.preprocess((value) => numberIn(value) ?? value, z.int().nonnegative());
/** Optional fields are absent or null, and mean the same. */
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema
    .nullish()
    .transform((value) => value ?? null)
    .catch(null);

const entrySchema = z.object({
  seq,
  ts: orNull(number),
  call: orNull(z.string()),
  agent: z.string(),
  type: z.string(),
  ephemeral: orNull(z.boolean()).transform((ephemeral) => ephemeral ?? false),
  data: z
    .custom<Fields>(isFields)
    .nullish()
    .transform((data) => data ?? {}),
});

const rowSchema = z.object({
  call: callIdSchema,
  live: orNull(z.boolean()).transform((live) => live ?? true),
  last_seq: orNull(seq),
  started_at: orNull(number),
});

const pageSchema = z.object({
  entries: z.array(z.unknown()),
  live: orNull(z.boolean()).transform((live) => live ?? true),
  next: orNull(seq),
});

const listSchema = z.object({ calls: z.array(z.unknown()), next: orNull(z.string()) });

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entry or marker that a value is, or undefined: then it is passed over. */
export function readEntry(value: unknown): Entry | undefined {
  return entrySchema.safeParse(value).data;
}

/** The number of a thing that is no entry, so that a page reader gets past it. */
export function seqOf(value: unknown): number | undefined {
  const parsed = seq.safeParse(isFields(value) ? value['seq'] : undefined);
  return parsed.success ? parsed.data : undefined;
}

/** A page of a log; undefined where the body is none. */
export function readPage(body: unknown): LogPage | undefined {
  return pageSchema.safeParse(body).data;
}

/** A page of the list of calls, newest first; what is no row is left out. Undefined where the body is none. */
export function readList(
  body: unknown,
): { readonly rows: readonly SessionRow[]; readonly next: string | null } | undefined {
  const list = listSchema.safeParse(body).data;
  if (!list) return undefined;
  const rows = list.calls.flatMap((value) => {
    const row = rowSchema.safeParse(value).data;
    if (!row) return [];
    const { call, live, last_seq: lastSeq, started_at: started } = row;
    return [{ call, live, lastSeq: lastSeq ?? 0, startedAt: started === null ? undefined : started * 1000 }];
  });
  return { rows, next: list.next };
}

/** Markers repeat the seq of the entry before them, and are never stored. */
export function isMarker(type: string): boolean {
  return type === 'log.caught_up' || type === 'log.gap';
}

/** The stretch that a `log.gap` speaks of; undefined where it says none. */
export function gapIn({ data }: Entry): { readonly from: number; readonly to: number } | undefined {
  const [from, to] = [seq.safeParse(data['from_seq']), seq.safeParse(data['to_seq'])];
  return from.success && to.success ? { from: from.data, to: to.data } : undefined;
}
