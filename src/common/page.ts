/** Lists are read in pages by key: `limit` and the `cursor` that the page before answered as `next`. */
import { z } from 'zod';

/** Longest page of any list; bounds memory a request. */
export const MAX_PAGE = 1000;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().min(1).max(300).optional(),
};

/** Splits off the row read beyond the page: `next` names the last key of the page, or null at the end. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  keyOf: (row: T) => string,
): { rows: T[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}
