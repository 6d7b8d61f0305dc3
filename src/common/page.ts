/**
 * Lists are read in pages by key: `limit`, and the `cursor` that the previous page answered as `next`. A cursor is
 * opaque, and bound to its list and to the list's owner (security rule 30). One that belongs to another owner or
 * another list is answered like one that never existed.
 */
import { z } from 'zod';
import { Problem } from './problem.js';

/** Longest page of any list; bounds memory a request. */
export const MAX_PAGE = 1000;

/** About the longest answer of any list; bounds memory a request if single rows are large. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/**
 * The longest key is an agent's name or a call's id (256 characters of four bytes) plus what it is bound to; or that of
 * a part of a call.
 */
const MAX_CURSOR = 4000;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().min(1).max(MAX_CURSOR).optional(),
};

/** How many rows are read at a time if single ones may be large. */
const PIECE = 100;

/**
 * Reads rows of any size in pieces: as many as fit into the bytes of a page, and at least one. `isCut`: there are more.
 */
export async function readInPieces<Row>(
  limit: number,
  read: (last: Row | undefined, count: number) => Promise<Row[]>,
): Promise<{ rows: Row[]; isCut: boolean }> {
  const rows: Row[] = [];
  let bytes = 0;
  while (rows.length <= limit) {
    const count = Math.min(PIECE, limit + 1 - rows.length);
    const piece = await read(rows.at(-1), count);
    for (const row of piece) {
      if (bytes >= MAX_PAGE_BYTES) return { rows, isCut: true };
      rows.push(row);
      bytes += sizeOf(row);
    }
    if (piece.length < count) break;
  }
  return { rows, isCut: false };
}

/** Size as JSON, in UTF-16 units. */
function sizeOf(row: unknown): number {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).length;
}

/** A moment as a key; the database keeps milliseconds. */
export const momentKey = z.iso.datetime().transform((text) => new Date(text));

interface PageOf<Row> {
  readonly rows: Row[];
  readonly next: string | null;
}

/** One kind of list. It has a name, and its rows are sorted by a key of one or several values. */
export class Listing<Key> {
  constructor(
    private readonly name: string,
    private readonly key: z.ZodType<Key>,
    /** The parameter that carries the cursor, and the field of the answer that does. */
    private readonly naming = { parameter: 'cursor', answeredAs: 'next' },
  ) {}

  /**
   * The key after which the page begins; undefined: at the start. `owner`: whose list; null: the platform's. Throws
   * `validation`.
   */
  after(cursor: string | undefined, owner: string | null): Key | undefined {
    if (cursor === undefined) return undefined;
    const key = this.key.safeParse(this.read(cursor, owner));
    if (key.success) return key.data;
    throw notACursor(this.naming);
  }

  /**
   * Splits off the row read beyond the page. `next` names the last key of the page, or is null at the end. `isCut`:
   * there are more, although no row was read beyond the page.
   */
  page<Row>(
    rows: readonly Row[],
    limit: number,
    owner: string | null,
    keyOf: (row: Row) => unknown,
    isCut = false,
  ): PageOf<Row> {
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const goesOn = isCut || rows.length > limit;
    return { rows: page, next: goesOn && last !== undefined ? this.cursor(owner, keyOf(last)) : null };
  }

  /** Names a row of `owner`'s list. */
  cursor(owner: string | null, key: unknown): string {
    return Buffer.from(JSON.stringify([this.name, owner, key])).toString('base64url');
  }

  private read(cursor: string, owner: string | null): unknown {
    try {
      const [name, whose, key] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
      return name === this.name && whose === owner ? key : undefined;
    } catch {
      return undefined; // Not a cursor of ours.
    }
  }
}

/** One answer for every wrong cursor: another owner's, another list's, or none at all. */
export function notACursor({ parameter, answeredAs } = { parameter: 'cursor', answeredAs: 'next' }): Problem {
  const errors = [{ path: parameter, message: `must be what a page before answered as "${answeredAs}"` }];
  return new Problem('validation', 'The request is not valid.', { errors });
}
