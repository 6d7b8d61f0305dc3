/**
 * What a reader asked for, or what its token was narrowed to. A filter only narrows; null means everything that the
 * reader may see.
 */
import { z } from 'zod';
import { AgentName, CallId, TenantId, agentNameSchema } from '../../common/ids.js';
import { commaList } from '../../common/validation.js';

export interface EventFilter {
  readonly agents: ReadonlySet<AgentName> | null;
  readonly calls: ReadonlySet<CallId> | null;
  /** Exact types, or prefixes that end in `.*`. */
  readonly types: readonly string[] | null;
}

/** What an admin asked for, across tenants. */
export interface PlatformFilter {
  /** Null: all tenants. */
  readonly tenants: ReadonlySet<TenantId> | null;
  /**
   * True: events that nobody owns are included. With `tenants`, they come in addition; alone, only these events pass.
   */
  readonly unassigned: boolean;
  readonly agents: ReadonlySet<AgentName> | null;
  readonly types: readonly string[] | null;
}

export const typePatternSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9._-]{1,64}$|^[A-Za-z0-9_-][A-Za-z0-9._-]{0,61}\.\*$/,
    'must be a type, or a prefix that ends in ".*"',
  );

export const filterQuery = {
  agents: commaList(agentNameSchema).optional(),
  types: commaList(typePatternSchema).optional(),
};

/**
 * The same patterns for PostgreSQL's `LIKE ANY`. `call.*` is a prefix, anything else an exact type. Characters that are
 * wildcards to LIKE are escaped.
 */
export function likePatterns(patterns: readonly string[] | null): readonly string[] | null {
  return (
    patterns?.map((pattern) => {
      const escaped = pattern.replace(/[\\_%]/g, (character) => `\\${character}`);
      return escaped.endsWith('.*') ? `${escaped.slice(0, -1)}%` : escaped;
    }) ?? null
  );
}

/** Types whose answer is remembered for each list of patterns. An agent has a few dozen types. */
const MAX_REMEMBERED = 256;

/** The test that a list of patterns stands for. */
export function typeMatcher(patterns: readonly string[] | null): (type: string) => boolean {
  if (patterns === null) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('.*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('.*')).map((pattern) => pattern.slice(0, -1));
  const remembered = new Map<string, boolean>();
  return (type) => {
    const known = remembered.get(type);
    if (known !== undefined) return known;
    const matches = exact.has(type) || prefixes.some((prefix) => type.startsWith(prefix));
    if (remembered.size < MAX_REMEMBERED) remembered.set(type, matches);
    return matches;
  };
}
