/**
 * A map that is never changed: putting gives another one and copies one of a few buckets, so that a call of thousands of
 * messages takes one more at about the cost that its first took. Keys may be any text; a plain object would obey some.
 */
export type Keyed<Value> = readonly (ReadonlyMap<string, Value> | undefined)[];

/** At 2,000 entries a bucket has 30: both copies of a put stay small. */
const BUCKETS = 64;
/** Ids differ at their ends; longer ones cost no more. */
const HASHED_CHARACTERS = 24;

export function valueAt<Value>(keyed: Keyed<Value>, key: string): Value | undefined {
  return keyed[bucketOf(key)]?.get(key);
}

export function withValue<Value>(keyed: Keyed<Value>, key: string, value: Value): Keyed<Value> {
  const buckets = keyed.slice();
  const bucket = bucketOf(key);
  buckets[bucket] = new Map(buckets[bucket]).set(key, value);
  return buckets;
}

/** Keys with their values, in no order that means anything. */
export function entriesOf<Value>(keyed: Keyed<Value>): [string, Value][] {
  return keyed.flatMap((bucket) => (bucket === undefined ? [] : [...bucket]));
}

function bucketOf(key: string): number {
  let hash = 0;
  for (let index = Math.max(0, key.length - HASHED_CHARACTERS); index < key.length; index++)
    hash = (hash * 31 + key.charCodeAt(index)) | 0;
  return (hash >>> 0) % BUCKETS;
}
