/** Where a list of calls goes on: cursors are bound to the list, to how it is sorted, and to whose it is. */
import { z } from 'zod';
import { callIdSchema } from '../../common/ids.js';
import { Listing, momentKey } from '../../common/page.js';
import type { CallCursor } from './call-query.js';

const LISTING = new Listing(
  'calls',
  z
    .tuple([momentKey, callIdSchema, z.string()])
    .transform(([startedAt, callId, tenantColumn]): CallCursor => ({ startedAt, callId, tenantColumn })),
);
/** A list that is sorted otherwise goes on from what it is sorted by, too. */
const sortedKey = z
  .tuple([z.number(), momentKey, callIdSchema, z.string()])
  .transform(([value, startedAt, callId, tenantColumn]): CallCursor => ({ value, startedAt, callId, tenantColumn }));
export const LISTINGS = {
  newest: LISTING,
  slowest: new Listing('slowest calls', sortedKey),
  longest: new Listing('longest calls', sortedKey),
};

/** What a cursor is made of. */
export function keyOf({ value, startedAt, callId, tenantColumn }: CallCursor) {
  return value === undefined ? [startedAt, callId, tenantColumn] : [value, startedAt, callId, tenantColumn];
}
