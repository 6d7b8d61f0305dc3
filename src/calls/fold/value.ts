/** Reads values of an event's data, which may be anything. */
import { mayLoseDigits, numberIn, isObject } from '../../common/exact-number.js';
import { depthOf } from '../../common/json-shape.js';

/** Text, which may come as a number. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' || numberIn(value) !== undefined ? String(value) : null;
}

/** Longest name, number or reason, in characters. They are in every row of a list. */
const MAX_LABEL = 500;

/** A name, a number or a reason, cut to the longest length. */
export function labelOf(value: unknown): string | null {
  const text = textOf(value);
  return text === null || text.length <= MAX_LABEL ? text : text.slice(0, MAX_LABEL).replace(/[\ud800-\udbff]$/, '');
}

/** Chats name messages by an empty id, which counts as none. */
export function idOf(value: unknown): string | null {
  return textOf(value) || null;
}

/** A number may come as text. */
export function numberOf(value: unknown): number | null {
  const number = numberIn(value);
  if (number !== undefined) return number;
  return typeof value === 'string' && DECIMAL.test(value) ? Number(value) : null;
}

/** The number of an entry in the upstream log, if it is a valid one. */
export function orderOf({ seq }: Readonly<Record<string, unknown>>): number | null {
  const number = numberOf(seq);
  return number !== null && number >= 0 && Number.isSafeInteger(number) ? number : null;
}

/** An object's fields; an empty object for any other value. */
export function objectAt(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function objectsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

const DECIMAL = /^-?\d{1,15}(\.\d{1,15})?$/;

/** As deep as an event may be. JSON within a text of it is treated like the event's own values. */
const MAX_DEPTH = 32;

/**
 * Arguments and results come as objects or as JSON in a string. A string that is no JSON, would lose digits, or is
 * nested deeper than an event may be stays a string.
 */
export function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || mayLoseDigits(value) || depthOf(value) > MAX_DEPTH) return value ?? null;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
