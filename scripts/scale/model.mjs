/**
 * What a load demands of the log and of the processes that deliver. Pure and deterministic. Names contain their units.
 *
 * The log is one queue with one server: while an append is running the next batch collects
 * (src/events/live/ingest.service.ts), and an append of n events takes `appendFixedMs + n × appendEventUs`. A process
 * that delivers pays for each event that it receives, and for each reader that it delivers it to.
 */

/** What is measured, each with its source; a flag of simulate.mjs overrides it (--deliver-us 10). */
export const MEASURED = {
  /** bench, 2026-11-25: 815 requests/s of one event, one after the other: a commit with its HTTP. */
  appendFixedMs: 1000 / 815,
  /** docs/performance.md, "Measured" (2026-11-25): 34,789 events/s in requests of 1,000. */
  appendEventUs: 1_000_000 / 34_789,
  /**
   * docs/performance.md, "Measured" (2026-11-25): one event at a time, few readers each, where a turn of the event loop
   * is shared by few.
   */
  deliverUs: 16.2,
  /** measure.mjs, 2026-11-24, two runs on a shared machine: 6.9 and, within its noise, nothing. */
  receiveUs: 6.9,
  /** docs/performance.md, "Measured" (2026-11-25): an idle stream, of 5,000; the highest of three rounds. */
  streamKb: 8.1,
  /** measure.mjs, 2026-11-24, the lower of two runs on a shared machine, while events were taken in. */
  projectPerSecond: 16_317,
  /** Simulator, rate 600, speed 20, seed 42, 13,454 calls of 83 s on average: durable events a call and second. */
  durablePerCallSecond: 0.2,
  /** The same: words and speech, 3.1 for each durable event. */
  ephemeralPerCallSecond: 0.62,
  /** The same: table and indexes of `events`, 276,176 rows. */
  storedBytes: 625,
  /** The same: `data` of an event, as readers and the bus get it. */
  wireBytes: 282,
};

/** Chosen values. */
export const CHOSEN = {
  /** The largest append, as in ingest.service.ts. */
  maxBatch: 2000,
  /**
   * How much of its core a process may use: the rest is for bursts, backlogs and the load of a neighbour that is being
   * replaced.
   */
  coreShare: 0.6,
  /** The most readers of a process, even if its core could serve more: one restart moves them all. */
  streamsPerProcess: 20_000,
};

/**
 * Events that arrive at random, one a request, and wait for their commit.
 * @returns {{meanBatch: number, p50Ms: number, p99Ms: number, lost: boolean}}  `lost`: it never catches up
 */
export function simulateAppend(perSecond, inputs, { seconds = 20, seed = 1 } = {}) {
  const random = generator(seed);
  const waits = [];
  const [until, gap] = [seconds * 1000, 1000 / perSecond];
  let [now, appends, next] = [0, 0, -Math.log(1 - random()) * gap];
  const queue = [];
  let head = 0;
  while (now < until) {
    if (head === queue.length) now = Math.max(now, next);
    for (; next <= now; next += -Math.log(1 - random()) * gap) queue.push(next);
    const batch = Math.min(queue.length - head, inputs.maxBatch);
    now += inputs.appendFixedMs + (batch * inputs.appendEventUs) / 1000;
    appends += 1;
    for (const end = head + batch; head < end; head++) waits.push(now - queue[head]);
  }
  waits.sort((one, other) => one - other);
  const at = (share) => waits[Math.floor(share * (waits.length - 1))];
  const lost = queue.length - head > 2 * inputs.maxBatch;
  return { meanBatch: waits.length / appends, p50Ms: at(0.5), p99Ms: at(0.99), lost };
}

/** Durable events a second beyond which appends fall behind: the throughput of full batches. */
export function appendLimit({ appendFixedMs, appendEventUs, maxBatch }) {
  return maxBatch / ((appendFixedMs + (maxBatch * appendEventUs) / 1000) / 1000);
}

/**
 * The smallest fleet that delivers.
 * @param {{calls: number, readers: number, tenants: number}} load  spread evenly
 * @param {'any' | 'tenant'} routing  a reader is sent to any process, or all of a tenant's to one
 */
export function fleetFor({ calls, readers, tenants }, routing, inputs) {
  const durable = calls * inputs.durablePerCallSecond;
  const events = durable + calls * inputs.ephemeralPerCallSecond;
  const deliveries = (events / tenants) * readers;
  for (let processes = Math.ceil(readers / inputs.streamsPerProcess); ; processes++) {
    // The probability that at least one of a tenant's readers, spread at random, is here. Only then do its messages
    // come here.
    const received = routing === 'tenant' ? 1 / processes : 1 - (1 - 1 / processes) ** (readers / tenants);
    const [delivering, receiving] = [(deliveries / processes) * inputs.deliverUs, events * received * inputs.receiveUs];
    if (receiving > inputs.coreShare * 1e6) return { durable, events, deliveries, processes: Infinity };
    const share = (delivering + receiving) / 1e6;
    if (share <= inputs.coreShare)
      return {
        durable,
        events,
        deliveries,
        processes,
        receivingShare: receiving / 1e6,
        memoryMb: ((readers / processes) * inputs.streamKb) / 1024,
        busMbPerSecond: (processes * events * received * inputs.wireBytes) / 1e6,
      };
  }
}

/** Mulberry32: small, seeded, good enough for arrivals. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
