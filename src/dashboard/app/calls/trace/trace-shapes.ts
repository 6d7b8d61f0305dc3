/**
 * The shapes of a trace: a handful of paths, however many items there are. Pure. They lie on a plane of
 * {@link WIDTH} × {@link HEIGHT} that is stretched over the figure.
 */
import { LANES, type Lane, type TraceItem } from './trace.js';

export const WIDTH = 1000;
const LANE_HEIGHT = 24;
const GAP = 6;
export const HEIGHT = LANES.length * (LANE_HEIGHT + GAP) - GAP;
/** Of an item that is short, or whose length was not measured. */
const LEAST = 4;
/** More items than this are drawn together. */
export const MAX_SINGLE = 300;
const BINS = 200;
const LATENCY_HEIGHT = 0.45;

export interface Shape {
  readonly tone: Lane | 'latency' | 'bad';
  readonly path: string;
}

interface Bar {
  readonly lane: Lane;
  readonly tone: Shape['tone'];
  readonly x: number;
  readonly width: number;
  /** From the bottom of the lane, as a part of it. */
  readonly height: number;
}

export function laneTop(lane: Lane): number {
  return LANES.indexOf(lane) * (LANE_HEIGHT + GAP);
}

/** The lane at a height. */
export function laneAt(y: number): Lane {
  return LANES[Math.min(LANES.length - 1, Math.max(0, Math.floor(y / (LANE_HEIGHT + GAP))))] ?? 'caller';
}

export function shapesOf(items: readonly TraceItem[], from: number, until: number): Shape[] {
  const seen = items.filter((item) => (item.until ?? item.at) >= from && item.at <= until);
  const scale = WIDTH / Math.max(until - from, 0.001);
  const bars =
    seen.length > MAX_SINGLE ? gathered(seen, from, scale) : seen.flatMap((item) => barsOf(item, from, scale));
  const paths = new Map<Shape['tone'], string[]>();
  for (const bar of bars) {
    const known = paths.get(bar.tone);
    if (known === undefined) paths.set(bar.tone, [pathOf(bar)]);
    else known.push(pathOf(bar));
  }
  return [...paths].map(([tone, parts]) => ({ tone, path: parts.join('') }));
}

function barsOf(item: TraceItem, from: number, scale: number): Bar[] {
  const { lane, at, latencyMs, isSlow, hasFailed } = item;
  const x = ((item.from ?? at) - from) * scale;
  const width = Math.max(LEAST, item.from === null || item.until === null ? 0 : (item.until - item.from) * scale);
  const bars: Bar[] = [{ lane, tone: hasFailed ? 'bad' : lane, x, width, height: lane === 'silence' ? 0.4 : 1 }];
  if (latencyMs === null) return bars;
  // Before the answer; the first generation says it of the caller's turn, which it follows.
  const wide = (latencyMs / 1000) * scale;
  const start = lane === 'caller' ? ((item.until ?? at) - from) * scale : x - wide;
  bars.push({
    lane: 'agent',
    tone: isSlow ? 'bad' : 'latency',
    x: start,
    width: Math.max(1, wide),
    height: LATENCY_HEIGHT,
  });
  return bars;
}

/** For each stretch of the axis and each lane: how much of the time is filled. What went wrong stays visible. */
function gathered(items: readonly TraceItem[], from: number, scale: number): Bar[] {
  const wide = WIDTH / BINS;
  const filled = new Map<Lane, number[]>(LANES.map((lane) => [lane, new Array<number>(BINS).fill(0)]));
  const bad = new Map<Lane, Set<number>>(LANES.map((lane) => [lane, new Set<number>()]));
  for (const { lane, at, from: begun, until, isSlow, hasFailed } of items) {
    const [start, end] = [((begun ?? at) - from) * scale, ((until ?? at) - from) * scale];
    const [first, last] = [binOf(start, wide), binOf(end, wide)];
    const sums = filled.get(lane) ?? [];
    for (let bin = first; bin <= last; bin++) {
      const share = (Math.min(end, (bin + 1) * wide) - Math.max(start, bin * wide)) / wide;
      sums[bin] = (sums[bin] ?? 0) + Math.max(0.05, share);
    }
    if (isSlow || hasFailed) bad.get(lane)?.add(first);
  }
  return LANES.flatMap((lane) =>
    (filled.get(lane) ?? []).flatMap((sum, bin) => {
      if (sum === 0) return [];
      const height = Math.min(1, Math.max(0.15, sum));
      const bar: Bar = { lane, tone: lane, x: bin * wide, width: wide, height };
      return bad.get(lane)?.has(bin) ? [bar, { ...bar, tone: 'bad', height: 0.25 }] : [bar];
    }),
  );
}

function binOf(x: number, wide: number): number {
  return Math.min(BINS - 1, Math.max(0, Math.floor(x / wide)));
}

function pathOf({ lane, x, width, height }: Bar): string {
  const [left, right] = [Math.max(0, x), Math.min(WIDTH, x + width)];
  if (right <= left) return '';
  const bottom = laneTop(lane) + LANE_HEIGHT;
  const top = bottom - LANE_HEIGHT * height;
  return `M${round(left)} ${round(top)}H${round(right)}V${bottom}H${round(left)}Z`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
