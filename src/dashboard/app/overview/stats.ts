/** What `/v1/stats` answers, and for which spans of time it is asked. */
import type { Client } from '../api/client.js';
import { asFault } from '../api/problem.js';
import { type Span, spanBefore } from './period.js';

/** Milliseconds, of `n` turns. */
export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly n: number;
}

/** Null: it was not measured. */
interface Measured {
  readonly latency: Latencies | null;
}

export interface Stats extends Measured {
  /** The quality is of the calls that began since then; null: of all. */
  readonly measuredSince: string | null;
  readonly tools: { readonly calls: number; readonly failed: number };
  readonly escalated: number;
  readonly score: { readonly judged: number; readonly passed: number } | null;
  readonly totals: { readonly calls: number; readonly minutes: number; readonly medianDuration: number | null };
  readonly buckets: readonly ({ readonly at: string; readonly calls: number; readonly minutes: number } & Measured)[];
  readonly agents: readonly ({
    readonly agent: string;
    readonly calls: number;
    readonly minutes: number;
    readonly medianDuration: number | null;
  } & Measured)[];
  readonly reasons: readonly { readonly reason: string; readonly calls: number }[];
  readonly transports: readonly { readonly transport: string; readonly calls: number }[];
  /** `weekday` 0 is Sunday. */
  readonly hours: readonly { readonly weekday: number; readonly hour: number; readonly calls: number }[];
  readonly bucket: 'hour' | 'day';
}

/** Of a span and of the one before it, with the zone by which days and hours are counted. */
export interface Compared extends Stats {
  readonly before: Stats['totals'];
  readonly span: Span;
  readonly zone: string;
}

/** By the reader's zone, or UTC where the server does not know that one. */
export async function loadStats(client: Client, span: Span, agent: string, signal: AbortSignal): Promise<Compared> {
  const ask = (asked: Span, tz: string) => {
    const { from, to, bucket } = asked;
    const query = { from: from.toISOString(), to: to.toISOString(), bucket, tz, agents: agent };
    return client.get<Stats>('/v1/stats', query, signal);
  };
  const load = async (zone: string): Promise<Compared> => {
    const [now, before] = await Promise.all([ask(span, zone), ask(spanBefore(span), zone)]);
    return { ...now, before: before.totals, span, zone };
  };
  const zone = timeZone();
  return load(zone).catch((error: unknown) => {
    if (zone === 'UTC' || asFault(error).slug !== 'validation') throw error;
    return load('UTC');
  });
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
