/** Where a list of calls goes on. A cursor is bound to the list, to its sorting, and to the owner of the calls. */
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
/** A list with another sorting also goes on from the value that it is sorted by. */
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
