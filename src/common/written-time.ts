/**
 * Reads times as senders write them. Each form has one meaning, whatever this server's own time zone is. Pure. Text:
 * ISO 8601 (RFC 3339, RFC 9557, the output of SQL, Go, Java, Python and .NET) or a date of mail and HTTP (RFC 5322, RFC
 * 9110). Without a zone it is UTC; a day is its midnight. Numbers, also as text: since 1970, in the unit (seconds,
 * milliseconds, microseconds or nanoseconds) that puts it between 2000 and 2500.
 */
import { numberIn } from './exact-number.js';

/** What a sender of anything else is told. */
export const NO_TIME =
  'is no time that can be read: write 2026-11-24T09:00:00Z, or seconds or milliseconds since 1970 (between 2000 and 2500)';

const CLOCK = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?`;
/** An offset, or a name that means UTC. A zone's name after an offset adds nothing. */
const ZONE = String.raw`\s*(Z|UTC?|GMT|[-+\u2212]\d\d(?::?\d\d)?)(?:\s*(?:[A-Z]{1,5}|\([^)]*\)|\[[^\]]*\]))?`;
const FORMS = [
  String.raw`(\d{4})-(\d\d)-(\d\d)(?:(?:T|\s+)${CLOCK}(?:${ZONE})?)?`,
  String.raw`(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(?:(\d\d)(?:[.,](\d+))?)?(?:${ZONE})?`,
].map((form) => new RegExp(`^${form}$`, 'i'));
const MAIL = new RegExp(String.raw`^(?:[a-z]{3,9},\s*)?(\d\d?)[-\s]([a-z]{3})[-\s](\d{4})\s+${CLOCK}${ZONE}$`, 'i');
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const NUMBER = /^\d+(?:\.\d+)?$/;
/** No valid time is longer; longer text is not examined. */
const MAX_LENGTH = 100;

/** Milliseconds in each unit that a number may count. */
const UNITS = [1000, 1, 1e-3, 1e-6];
/** Wide enough for every clock, and so narrow that 20261120120000 is not a time. */
const [YEAR_2000, YEAR_2500] = [Date.UTC(2000, 0), Date.UTC(2500, 0)];
/** The last year of PostgreSQL's and of ISO 8601's without a sign. */
const LAST_YEAR = 9999;
const MINUTE_MS = 60_000;

/** Undefined: not a time, or ambiguous. Anything finer than a millisecond is cut off. */
export function writtenTime(value: unknown): Date | undefined {
  if (typeof value !== 'string') return sinceEpoch(numberIn(value));
  const text = value.trim();
  if (text.length > MAX_LENGTH) return undefined;
  if (NUMBER.test(text)) return sinceEpoch(Number(text));
  const parts = FORMS.map((form) => form.exec(text)).find((match) => match !== null);
  if (parts) return timeOf(parts.slice(1));
  const [, day = '', month = '', year, ...clock] = MAIL.exec(text) ?? [];
  return timeOf([year, String(MONTHS.indexOf(month.toLowerCase()) + 1), day, ...clock]);
}

/** For a wire that is known to send seconds since 1970; undefined if they are not a time. */
export function timeOfSeconds(seconds = Number.NaN): Date | undefined {
  const time = new Date(seconds * 1000);
  return time.getTime() >= 0 && time.getUTCFullYear() <= LAST_YEAR ? time : undefined;
}

function sinceEpoch(count: number | undefined): Date | undefined {
  const times = UNITS.map((unit) => (count ?? Number.NaN) * unit);
  const time = times.find((ms) => ms >= YEAR_2000 && ms < YEAR_2500);
  return time === undefined ? undefined : new Date(time);
}

/** Year, month, day, hour, minute, second, fraction, zone. All from the hour on may be missing. */
function timeOf(parts: readonly (string | undefined)[]): Date | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(0, 6)
    .map((part) => Number(part ?? 0));
  const [fraction = '', zone = 'Z'] = parts.slice(6);
  const midnight = new Date(Date.UTC(year, month - 1, day));
  const isDay = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  // 24:00 is the next midnight, a leap second the one after it.
  const isClock = (hour < 24 || (hour === 24 && minute + second === 0)) && minute < 60 && second <= 60;
  const offset = offsetIn(zone);
  if (!isDay || !isClock || offset === undefined) return undefined;
  const minutes = hour * 60 + minute - offset;
  const ms = minutes * MINUTE_MS + second * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  const time = new Date(midnight.getTime() + ms);
  return time.getUTCFullYear() >= 1970 && time.getUTCFullYear() <= LAST_YEAR ? time : undefined;
}

/** Minutes east of Greenwich. */
function offsetIn(zone: string): number | undefined {
  const [, sign, hours, minutes = '0'] = /^([-+\u2212])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  if (sign === undefined) return 0;
  const offset = Number(hours) * 60 + Number(minutes);
  return offset >= 16 * 60 || Number(minutes) > 59 ? undefined : sign === '+' ? offset : -offset;
}
