/** The change in an audit entry, member by member, in words. Pure. */

export interface Difference {
  readonly name: string;
  /** Undefined: it did not exist, or no longer does. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Facts = Readonly<Record<string, unknown>>;

/**
 * The members that differ between two states; all members of a single state. Nested objects are flattened:
 * `limits.streams`.
 */
export function differencesOf(before: unknown, after: unknown): Difference[] {
  const [old, young] = [flat(before), flat(after)];
  const names = [...new Set([...old.keys(), ...young.keys()])];
  return names
    .map((name) => ({ name, before: old.get(name), after: young.get(name) }))
    .filter((one) => one.before !== one.after);
}

function flat(state: unknown, prefix = ''): Map<string, string> {
  const members = new Map<string, string>();
  if (!isFacts(state)) return members;
  for (const [name, value] of Object.entries(state)) {
    if (isFacts(value)) for (const [inner, text] of flat(value, `${prefix}${name}.`)) members.set(inner, text);
    else if (value !== null) members.set(`${prefix}${name}`, wordsOf(value));
  }
  return members;
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => wordsOf(one)).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
