/**
 * Lists are read in pages by key: `limit`, and the `cursor` that the page before answered as `next`. A cursor is opaque, and
 * bound to its list and to whose list it is (security rule 30): another's, another list's and one that never was answer alike.
 */
import { z } from 'zod';
import { Problem } from './problem.js';

/** Longest page of any list; bounds memory a request. */
export const MAX_PAGE = 1000;

/** About the longest answer of any list; bounds memory a request where single rows are large. */
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** The longest key is an agent's name or a call's id: 256 characters of four bytes, and what it is bound to; or that of a part of a call. */
const MAX_CURSOR = 4000;

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
  cursor: z.string().min(1).max(MAX_CURSOR).optional(),
};

/** Rows that are read at a time where single ones may be large. */
const PIECE = 100;

/** Rows of any size, read in pieces: as many as fit into the bytes of a page, at least one. `isCut`: there are more. */
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

/** As JSON, in UTF-16 units. */
function sizeOf(row: unknown): number {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).length;
}

/** A moment in a key, which the database keeps to the millisecond. */
export const momentKey = z.iso.datetime().transform((text) => new Date(text));

interface PageOf<Row> {
  readonly rows: Row[];
  readonly next: string | null;
}

/** One kind of list, by its name and its rows' key: a value by which they are sorted, or several. */
export class Listing<Key> {
  constructor(
    private readonly name: string,
    private readonly key: z.ZodType<Key>,
    /** As which parameter the cursor comes, and as what a page answers it. */
    private readonly naming = { parameter: 'cursor', answeredAs: 'next' },
  ) {}

  /** Where the page begins: after this key; undefined: at the start. `owner`: whose list, null: the platform's. Throws `validation`. */
  after(cursor: string | undefined, owner: string | null): Key | undefined {
    if (cursor === undefined) return undefined;
    const key = this.key.safeParse(this.read(cursor, owner));
    if (key.success) return key.data;
    throw notACursor(this.naming);
  }

  /**
   * Splits off the row read beyond the page: `next` names the last key of the page, or is null at the end. `isCut`: there are more,
   * though no row was read beyond the page.
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

  /** What names a row of `owner`'s list. */
  cursor(owner: string | null, key: unknown): string {
    return Buffer.from(JSON.stringify([this.name, owner, key])).toString('base64url');
  }

  private read(cursor: string, owner: string | null): unknown {
    try {
      const [name, whose, key] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
      return name === this.name && whose === owner ? key : undefined;
    } catch {
      return undefined; // It is none of ours.
    }
  }
}

/** One answer for a cursor that is another's, another list's, or none at all. */
export function notACursor({ parameter, answeredAs } = { parameter: 'cursor', answeredAs: 'next' }): Problem {
  const errors = [{ path: parameter, message: `must be what a page before answered as "${answeredAs}"` }];
  return new Problem('validation', 'The request is not valid.', { errors });
}
