/**
 * What Redis reports about a stream and its group. Pure. https://redis.io/docs/latest/commands/xinfo-stream/ and
 * …/xinfo-groups/.
 */

export interface StreamSight {
  /** Entries that the group has not been given yet. Redis 7 and newer report it, unless entries were deleted. */
  readonly lag: number | undefined;
  /** Entries that were gone before the group was given them, since it was made; undefined: unknown at the moment. */
  readonly missing: number | undefined;
  /** The oldest entry is newer than the last that the group was given. */
  readonly isPastUs: boolean;
}

/** The answers to XINFO STREAM and XINFO GROUPS: names and values in turn. */
export function sightOf(
  stream: readonly unknown[],
  groups: readonly (readonly unknown[])[],
  group: string,
): StreamSight {
  const ours = groups.find((fields) => field(fields, 'name') === group) ?? [];
  const [added, length] = [field(stream, 'entries-added'), field(stream, 'length')];
  const [read, lag] = [field(ours, 'entries-read'), field(ours, 'lag')];
  const [given, newest] = [field(ours, 'last-delivered-id'), field(stream, 'last-generated-id')];
  const first: unknown = (field(stream, 'first-entry') as readonly unknown[] | null | undefined)?.[0];
  const isPastUs = typeof first === 'string' && typeof given === 'string' && isBefore(given, first);
  // Only the two ends are certain: all of the stream is still to come, or nothing is. In between it would have to be
  // counted.
  const toCome = isPastUs ? length : given === newest ? 0 : undefined;
  const canTell = typeof added === 'number' && typeof read === 'number' && typeof toCome === 'number';
  return {
    lag: typeof lag === 'number' ? lag : undefined,
    missing: canTell ? Math.max(0, added - read - toCome) : undefined,
    isPastUs,
  };
}

function field(fields: readonly unknown[], name: string): unknown {
  const at = fields.indexOf(name);
  return at < 0 ? undefined : fields[at + 1];
}

/** Ids are `<milliseconds>-<number>`, both of 64 bits. */
function isBefore(one: string, other: string): boolean {
  const [a, b] = [one, other].map((id) => id.split('-').map(BigInt));
  const [ms, number] = [a?.[0] ?? 0n, a?.[1] ?? 0n];
  const [otherMs, otherNumber] = [b?.[0] ?? 0n, b?.[1] ?? 0n];
  return ms < otherMs || (ms === otherMs && number < otherNumber);
}
