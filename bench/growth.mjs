/**
 * `npm run bench -- --only growth [--events N]`: the same requests on a small log and on a large one, one after the
 * other in one run, on two databases: medians, and how many times as long each takes. The ratio matters: the machine is
 * the same, and so is its noise.
 */
import { measureRoutes } from './growth/measure.mjs';
import { ROUTES } from './growth/routes.mjs';
import { startFilled } from './growth/board.mjs';

export const SMALL = 100_000;
/** The largest ratio that the larger log may have; times below so many ms are treated as noise. */
const MOST_TIMES = 3;
const NOISE_MS = 10;

/** @returns one row a route: `{key, small, grown, ratio, most, met}` */
export async function measureGrowth({ events, keptIn }, say) {
  const [small, grown] = [await measureOne(SMALL, keptIn, say), await measureOne(events, keptIn, say)];
  return ROUTES.map(({ key, most }) => {
    const [before, after] = [small[key], grown[key]];
    const ratio = after.ms / Math.max(before.ms, NOISE_MS);
    const isFine = before.status === undefined && after.status === undefined;
    return { key, small: before.ms, grown: after.ms, ratio, most, met: isFine && (most === undefined || ratio <= MOST_TIMES) };
  });
} // prettier-ignore

async function measureOne(events, keptIn, say) {
  const board = await startFilled(events, keptIn, say);
  try {
    say(`${events.toLocaleString('en')} events: until everything is marked and kept`);
    await settle(board);
    return await measureRoutes(board, say);
  } finally {
    await board.end();
  }
}

/** Work behind the log is finished, so that requests do not pay for it. */
async function settle(board) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: board.databaseUrl });
  await client.connect();
  await measureRoutes(board, () => undefined, 'stats');
  for (let left = 600; left > 0; left -= 1) {
    const { rows } = await client.query(
      `SELECT (SELECT count(*) FROM tenant_heads h LEFT JOIN log_marked m USING (tenant_id) WHERE h.seq >= coalesce(m.until, 0) + 4096)
        + (SELECT count(*) FROM log_head h LEFT JOIN log_marked m ON m.tenant_id = '' WHERE h.position >= coalesce(m.until, 0) + 4096)
        + (SELECT count(*) FROM call_periods WHERE numbers IS NULL) AS left`,
    );
    if (Number(rows[0].left) === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await client.end();
}

export function renderGrowth(rows, events) {
  const ms = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`.padStart(12);
  const head = `${'medians, ms'.padEnd(44)}${'0.1 M'.padStart(12)}${`${events / 1e6} M`.padStart(12)}${'times'.padStart(9)}`;
  const lines = rows.map(
    ({ key, small, grown, ratio, most, met }) =>
      `${key.padEnd(44)}${ms(small)}${ms(grown)}${ratio.toFixed(2).padStart(9)}` +
      (most === undefined ? '' : `   ≤ ${MOST_TIMES} ×  ${met ? 'met' : 'MISSED'}`),
  );
  return [head, ...lines].join('\n');
}
