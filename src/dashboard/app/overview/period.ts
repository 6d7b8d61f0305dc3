/** The span of time that the overview shows, as it stands in the page's address. Pure but for the reader's own days. */
import { startOfDay } from '../common/day.js';

export const PERIODS = ['day', 'week', 'month', 'quarter'] as const;
export type Period = (typeof PERIODS)[number];

export interface Span {
  readonly from: Date;
  readonly to: Date;
  readonly bucket: 'hour' | 'day';
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS: Readonly<Record<Exclude<Period, 'day'>, number>> = { week: 7, month: 30, quarter: 90 };
/** Shorter ones are shown by the hour. */
const MAX_HOURS = 72;

/**
 * `from` and `to`: days of the reader's own, both included, instead of a period up to now; null where they are none.
 */
export function spanOf(period: Period, from: string, to: string, now: Date): Span {
  const [begin, end] = [startOfDay(from), startOfDay(to, 1)];
  if (begin !== undefined && end !== undefined && begin < end) {
    const until = end > now ? now : end;
    if (begin < until) return { from: begin, to: until, bucket: bucketOf(begin, until) };
  }
  if (period === 'day') {
    const hour = new Date(now.getTime() - DAY_MS + HOUR_MS);
    hour.setMinutes(0, 0, 0);
    return { from: hour, to: now, bucket: 'hour' };
  }
  const first = new Date(now);
  first.setDate(first.getDate() - DAYS[period] + 1);
  first.setHours(0, 0, 0, 0);
  return { from: first, to: now, bucket: 'day' };
}

/** As long, and right before it. */
export function spanBefore({ from, to, bucket }: Span): Span {
  return { from: new Date(from.getTime() - (to.getTime() - from.getTime())), to: from, bucket };
}

/** `2026-11-27`, by the reader's own clock. */
export function dayOf(at: Date): string {
  const [month, day] = [at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, '0'));
  return `${at.getFullYear()}-${month}-${day}`;
}

function bucketOf(from: Date, to: Date): Span['bucket'] {
  return to.getTime() - from.getTime() <= MAX_HOURS * HOUR_MS ? 'hour' : 'day';
}
