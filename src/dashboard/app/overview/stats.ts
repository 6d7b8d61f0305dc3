/** What `/v1/stats` answers, and for which spans of time it is asked. */
import type { Client } from '../api/client.js';
import { asFault } from '../api/problem.js';

export interface Stats {
  readonly totals: { readonly calls: number; readonly minutes: number; readonly medianDuration: number | null };
  readonly buckets: readonly { readonly at: string; readonly calls: number; readonly minutes: number }[];
  readonly agents: readonly {
    readonly agent: string;
    readonly calls: number;
    readonly minutes: number;
    readonly medianDuration: number | null;
  }[];
  readonly reasons: readonly { readonly reason: string; readonly calls: number }[];
  readonly transports: readonly { readonly transport: string; readonly calls: number }[];
  /** `weekday` 0 is Sunday. */
  readonly hours: readonly { readonly weekday: number; readonly hour: number; readonly calls: number }[];
  readonly bucket: 'hour' | 'day';
}

export type Period = 'day' | 'week' | 'month' | 'quarter';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const SPANS: Readonly<Record<Period, { readonly ms: number; readonly bucket: 'hour' | 'day' }>> = {
  day: { ms: DAY_MS, bucket: 'hour' },
  week: { ms: 7 * DAY_MS, bucket: 'day' },
  month: { ms: 30 * DAY_MS, bucket: 'day' },
  quarter: { ms: 90 * DAY_MS, bucket: 'day' },
};

export const PERIODS = Object.keys(SPANS) as Period[];

/** With the zone by which days and hours are counted: the reader's, or UTC where the server does not know that one. */
export async function loadStats(
  client: Client,
  period: Period,
  signal: AbortSignal,
): Promise<Stats & { zone: string }> {
  const query = statsQuery(period, new Date());
  const load = async (tz: string) => ({
    ...(await client.get<Stats>('/v1/stats', { ...query, tz }, signal)),
    zone: tz,
  });
  return load(query.tz).catch((error: unknown) => {
    if (query.tz === 'UTC' || asFault(error).slug !== 'validation') throw error;
    return load('UTC');
  });
}

/** Whole hours or days up to now, as the reader's own clock has them. */
function statsQuery(period: Period, now: Date): { from: string; to: string; bucket: string; tz: string } {
  const { ms, bucket } = SPANS[period];
  const from = new Date(now.getTime() - ms + (bucket === 'hour' ? HOUR_MS : DAY_MS));
  if (bucket === 'day') from.setHours(0, 0, 0, 0);
  else from.setMinutes(0, 0, 0);
  return { from: from.toISOString(), to: now.toISOString(), bucket, tz: timeZone() };
}

/** The reader's zone by a name that everybody reads alike; UTC where the browser has none (`Etc/Unknown`, `CET`). */
function timeZone(): string {
  const { timeZone: zone } = Intl.DateTimeFormat().resolvedOptions() as { timeZone?: string };
  return zone?.includes('/') && zone !== 'Etc/Unknown' ? zone : 'UTC';
}

export function busiestHour(hours: Stats['hours']): Stats['hours'][number] | undefined {
  const [first, ...others] = hours;
  const busiest = others.reduce((best, one) => (one.calls > (best?.calls ?? 0) ? one : best), first);
  return busiest !== undefined && busiest.calls > 0 ? busiest : undefined;
}
