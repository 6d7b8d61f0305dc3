import { z } from 'zod';
import { type TenantId, agentNameSchema, lineSchema, tenantIdSchema } from '../../common/ids.js';
import { pageQuery } from '../../common/page.js';
import { commaList } from '../../common/validation.js';
import { narrowingQuery } from './call-narrowing.js';
import type { CallFilter } from './call-query.js';
import { SORTS } from './sorts.js';
import { parseSearch } from '../search/search-query.js';
import type { Whose } from './whose.js';

const MAX_SEARCH = 200;

const filterQuery = {
  ...pageQuery,
  limit: pageQuery.limit.default(50),
  /** A call that rings counts as live. */
  state: z.enum(['live', 'ended']).optional(),
  agents: commaList(agentNameSchema).optional(),
  q: lineSchema(MAX_SEARCH).optional(),
  ...narrowingQuery,
  /** The lists of the slowest and the longest have only calls for which the value is known. */
  sort: z.enum(SORTS).default('newest'),
};

/** A search goes through the newest calls first. */
const isSearchedNewest = ({ q, sort }: { q?: string | undefined; sort: string }) =>
  q === undefined || sort === 'newest';
const notWithSearch = { path: ['sort'], message: 'cannot be combined with q' };

export const listCallsSchema = z.strictObject(filterQuery).refine(isSearchedNewest, notWithSearch);
export const listPlatformCallsSchema = z
  .strictObject({
    ...filterQuery,
    tenants: commaList(tenantIdSchema).optional(),
    /** Calls that nobody owns. With `tenants`, they come in addition; alone, only these calls. */
    unassigned: z.stringbool().default(false),
  })
  .refine(isSearchedNewest, notWithSearch);

/** The `earlier` of a later page. */
const before = pageQuery.cursor;
export const readCallSchema = z.strictObject({ before });

export type ReadCallQuery = z.infer<typeof readCallSchema>;
export type ListCalls = z.infer<typeof listCallsSchema>;
export type ListPlatformCalls = z.infer<typeof listPlatformCallsSchema>;

/** Which call with this id an operator means: a tenant's, or with `unassigned=true` the one that nobody owns. */
const whoseQuery = { tenant: tenantIdSchema.optional(), unassigned: z.stringbool().default(false) };
const isOfOne = ({ tenant, unassigned }: z.infer<z.ZodObject<typeof whoseQuery>>) =>
  tenant === undefined || !unassigned;
const contradiction = { path: ['unassigned'], message: 'contradicts tenant' };

export const whoseSchema = z.strictObject(whoseQuery).refine(isOfOne, contradiction);
export const readPlatformCallSchema = z.strictObject({ ...whoseQuery, before }).refine(isOfOne, contradiction);

export type ReadPlatformCall = z.infer<typeof readPlatformCallSchema>;

export type WhoseQuery = z.infer<typeof whoseSchema>;

export function whoseIn({ tenant, unassigned }: WhoseQuery): Whose {
  return unassigned ? null : tenant;
}

/** `tenantId` null: across tenants. */
export function filterOf(tenantId: TenantId | null, { state, agents, q, sort, ...asked }: ListCalls): CallFilter {
  const { limit: _limit, cursor: _cursor, ...narrowing } = asked;
  return {
    state: state ?? null,
    agents: agents ?? null,
    search: q === undefined ? null : parseSearch(q, tenantId),
    narrowing,
    sort,
  };
}
