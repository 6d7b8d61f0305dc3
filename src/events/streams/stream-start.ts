/** Where a stream begins (docs/protocol.md, section 6). If a cursor cannot be honoured, the client is always told. */
import type { Bounds } from './log-view.js';

export interface StreamStart {
  /** What the client says that it has seen; any text. */
  readonly cursor: string | undefined;
  /** Without a cursor: begin with the first event that was received at or after this time. */
  readonly since?: Date | undefined;
  /** Where to begin without a cursor. */
  readonly from: 'live' | 'start';
}

export interface Start {
  readonly after: number;
  readonly gap: { readonly after: number | string; readonly reason: 'expired' | 'unknown' } | undefined;
}

/** `sinceAfter`: the number that the log gives for `since`. */
export function chooseStart(
  { cursor, since, from }: StreamStart,
  { last, expiredUntil, brokenUntil = 0 }: Bounds,
  sinceAfter?: number,
): Start {
  if (cursor === undefined && since !== undefined && sinceAfter !== undefined) {
    // Events that were removed may have been received after that moment, because everything that is left was.
    const isExpired = sinceAfter <= expiredUntil && expiredUntil > 0;
    const gap = { after: since.toISOString(), reason: 'expired' } as const;
    return { after: Math.max(sinceAfter, expiredUntil), gap: isExpired || sinceAfter < brokenUntil ? gap : undefined };
  }
  if (cursor === undefined) return { after: from === 'live' ? last : expiredUntil, gap: undefined };
  const after = /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
  if (after === undefined || after > last) {
    return { after: last, gap: { after: after ?? cursor.slice(0, 64), reason: 'unknown' } };
  }
  if (after < expiredUntil) return { after: expiredUntil, gap: { after, reason: 'expired' } };
  return { after, gap: after < brokenUntil ? { after, reason: 'expired' } : undefined };
}
