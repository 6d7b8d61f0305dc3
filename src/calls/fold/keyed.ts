/**
 * A map that is never changed. Putting a value gives another map, which shares all but a few small pieces with the one
 * before. It is a tree with small leaves, so adding to a call of 50,000 messages costs about as much as adding the
 * first one. Keys may be any text; a plain object gives some keys a meaning of its own.
 */
export type Keyed<Value> = readonly (Keyed<Value> | ReadonlyMap<string, Value> | undefined)[];

/** Bits of the hash that choose among a branch's children, and the number of these children. */
const BITS = 5;
const CHILDREN = 1 << BITS;
/** A leaf that grows beyond this becomes a branch. */
const MAX_LEAF = 16;
/** All bits of the hash are used up here: keys that still share a leaf have the same hash. */
const MAX_DEPTH = 6;
/** A sender that names messages cannot know which names share a leaf here. */
const SEED = Math.floor(Math.random() * 0x1_0000_0000);

export function valueAt<Value>(keyed: Keyed<Value>, key: string): Value | undefined {
  let hash = hashOf(key);
  let child: Keyed<Value>[number] = keyed;
  while (isBranch(child)) {
    child = child[hash % CHILDREN];
    hash >>>= BITS;
  }
  return child?.get(key);
}

export function withValue<Value>(keyed: Keyed<Value>, key: string, value: Value): Keyed<Value> {
  return withHashed(keyed, hashOf(key), 1, key, value);
}

/** Keys with their values, in an arbitrary order. */
export function entriesOf<Value>(keyed: Keyed<Value>): [string, Value][] {
  return keyed.flatMap((child) => {
    if (child === undefined) return [];
    return isBranch(child) ? entriesOf(child) : [...child];
  });
}

function withHashed<Value>(branch: Keyed<Value>, hash: number, depth: number, key: string, value: Value): Keyed<Value> {
  const children = branch.slice();
  const index = hash % CHILDREN;
  const child = children[index];
  if (isBranch(child)) children[index] = withHashed(child, hash >>> BITS, depth + 1, key, value);
  else {
    const leaf = new Map(child).set(key, value);
    children[index] = leaf.size > MAX_LEAF && depth < MAX_DEPTH ? split(leaf, depth) : leaf;
  }
  return children;
}

function split<Value>(leaf: ReadonlyMap<string, Value>, depth: number): Keyed<Value> {
  const children: Map<string, Value>[] = [];
  for (const [key, value] of leaf) {
    const index = (hashOf(key) >>> (BITS * depth)) % CHILDREN;
    (children[index] ??= new Map<string, Value>()).set(key, value);
  }
  return children;
}

function isBranch<Value>(child: Keyed<Value>[number]): child is Keyed<Value> {
  return Array.isArray(child);
}

/** FNV-1a with a seed: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(key: string): number {
  let hash = SEED;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x0100_0193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
