import { z } from 'zod';
import { Listing, readInPieces } from '../../src/common/page.js';

const LISTING = new Listing('rows', z.number());

/** Rows 1, 2, 3 … of so many characters. */
function rowsOf(count: number, size: number) {
  const reads: number[] = [];
  const read = (after: number, wanted: number) => {
    reads.push(wanted);
    const first = after + 1;
    const length = Math.max(0, Math.min(wanted, count - first + 1));
    return Promise.resolve(Array.from({ length }, (_, index) => ({ id: first + index, text: 'x'.repeat(size) })));
  };
  const page = async (limit: number, after = 0) => {
    const found = await readInPieces<{ id: number }>(limit, (last, wanted) => read(last?.id ?? after, wanted));
    const { rows, next } = LISTING.page(found.rows, limit, 'acme', ({ id }) => id, found.isCut);
    return { rows, next: next === null ? null : LISTING.after(next, 'acme') };
  };
  return { page, reads };
}

it('a page of small rows has as many as were asked for', async () => {
  const { page, reads } = rowsOf(250, 10);
  const first = await page(200);
  expect([first.rows.length, first.next, reads]).toEqual([200, 200, [100, 100, 1]]);
  const second = await page(200, 200);
  expect([second.rows.length, second.next]).toEqual([50, null]);
  expect((await page(250)).next).toBeNull();
});

it('a page of large rows ends with the one that fills it, and nothing is read far beyond', async () => {
  const { page, reads } = rowsOf(1000, 60_000);
  const { rows, next } = await page(1000);
  expect([rows.length, next, reads]).toEqual([70, 70, [100]]);
  expect((await rowsOf(3, 10_000_000).page(10)).next).toBe(1);
});
