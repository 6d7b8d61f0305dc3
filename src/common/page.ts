/** Lists are read in pages by key: `limit` and the `cursor` that the page before answered as `next`. */
import { z } from 'zod';

/** Longest page of any list; bounds memory a request. */
export const MAX_PAGE = 1000;

/** About the longest answer of any list; bounds memory a request where single rows are large. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().min(1).max(300).optional(),
};

/** Rows that are read at a time where single ones may be large. */
const PIECE = 100;

/** A page of rows of any size, read in pieces: as many as fit into the bytes of a page, at least one. */
export async function pageInPieces<Row>(
  limit: number,
  keyOf: (row: Row) => string,
  read: (after: string | undefined, count: number) => Promise<Row[]>,
  cursor: string | undefined,
): Promise<{ rows: Row[]; next: string | null }> {
  const rows: Row[] = [];
  let bytes = 0;
  for (let after = cursor; rows.length <= limit;) {
    const count = Math.min(PIECE, limit + 1 - rows.length);
    const piece = await read(after, count);
    for (const row of piece) {
      if (bytes >= MAX_PAGE_BYTES) return toPage(rows, limit, keyOf, true);
      rows.push(row);
      bytes += sizeOf(row);
    }
    const last = piece.at(-1);
    if (piece.length < count || last === undefined) break;
    after = keyOf(last);
  }
  return toPage(rows, limit, keyOf);
}

/** As JSON, in UTF-16 units. */
function sizeOf(row: unknown): number {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).length;
}

/**
 * Splits off the row read beyond the page: `next` names the last key of the page, or null at the end. `isCut`: there are more, though
 * no row was read beyond the page.
 */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => string,
  isCut = false,
): { rows: T[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: (isCut || rows.length > limit) && last !== undefined ? keyOf(last) : null };
}
