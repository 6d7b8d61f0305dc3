/** Values of an event's data, which may be anything. */

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Chats name messages by an empty id: that is none. */
export function idOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function objectsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value)
    ? value.filter((one): one is Record<string, unknown> => typeof one === 'object' && one !== null)
    : [];
}

/** An integer that a double would round; within a string it does no harm to be taken for one. */
const LONG_INTEGER = /(?:^|[[:,\s])-?\d{16,}/;

/** Arguments and results come as objects or as JSON in a string; what is no JSON, or would lose digits, stays as it is. */
export function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || LONG_INTEGER.test(value)) return value ?? null;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
