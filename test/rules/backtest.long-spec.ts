/** What a rule would have caught is what it catches: docs/rules.md, "Time". */
import { query } from '../support/database.js';
import { EVERY_RULE, callOf } from '../support/rule-calls.js';
import {
  type Because,
  type RulePlace,
  agentSays,
  callerSays,
  ended,
  firedOf,
  placeOf,
  write,
} from '../support/rules.js';
import { started } from '../support/calls.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Random } from '../support/world/random.js';

interface Backtest {
  readonly fired: readonly { callId: string; at: string; event: string; because: Because }[];
  readonly calls: number;
  readonly next: string | null;
}

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
});
afterAll(() => board.stop());

async function backtest({ token }: RulePlace, path: string, rule: object = {}): Promise<Backtest> {
  let all: Backtest = { fired: [], calls: 0, next: null };
  do {
    const body = { ...rule, ...(all.next === null ? {} : { cursor: all.next }) };
    const page = (await expectStatus(200, board.request<Backtest>('POST', `/v1/rules${path}/backtest`, { token, body }))).body; // prettier-ignore
    all = { fired: [...all.fired, ...page.fired], calls: all.calls + page.calls, next: page.next };
  } while (all.next !== null);
  return all;
}

/** What was said live is what walking back finds, of every rule. Of calls that go on it may be said a moment later. */
async function compare(place: RulePlace, ids: readonly string[], calls: number): Promise<number> {
  for (const [index, id] of ids.entries())
    for (const path of [`/${id}`, '']) {
      const rule = path === '' ? { rule: { name: 'x', ...EVERY_RULE[index] } } : {};
      const look = async () => ({ live: await saidBy(place, id), found: await backtest(place, path, rule) });
      await waitFor(
        async () => {
          const { live, found } = await look();
          return JSON.stringify(live) === JSON.stringify(sorted(found.fired));
        },
        'both to agree',
        20_000,
      ).catch(() => undefined);
      const { live, found } = await look();
      expect([EVERY_RULE[index], sorted(found.fired)]).toEqual([EVERY_RULE[index], live]);
      expect(found.calls).toBe(calls);
    }
  return (await firedOf(board, place)).length;
}

async function saidBy(place: RulePlace, id: string) {
  const live = (await firedOf(board, place)).filter(({ rule }) => rule === id);
  return sorted(live.map(({ callId, at, because }) => ({ callId, at, event: because.event, because })));
}

const sorted = <Thing extends { callId: string; event: string; at: string }>(things: readonly Thing[]) =>
  [...things].sort((one, other) => keyOf(one).localeCompare(keyOf(other)));
const keyOf = ({ callId, event, at }: { callId: string; event: string; at: string }) => `${callId} ${event.padStart(9, '0')} ${at}`; // prettier-ignore

const caughtUp = (place: RulePlace) =>
  waitFor(async () => {
    const { headers } = await board.request('GET', '/v1/log?after=0&limit=1', { token: place.token });
    return headers !== undefined && (await behindOf(place)) === 0;
  }, 'the rules to be as new as the log');

async function behindOf({ id }: RulePlace): Promise<number> {
  const text = `SELECT (h.seq - r.cursor)::int AS behind FROM log_readers r JOIN tenant_heads h USING (tenant_id)
    WHERE r.tenant_id = $1 AND r.kind = 'rules'`;
  return (await query<{ behind: number }>(board.databaseUrl, text, [id]))[0]?.behind ?? -1;
}

it('agrees with what was said live, for calls of every kind', async () => {
  const place = await placeOf(board);
  const ids: string[] = [];
  for (const rule of EVERY_RULE) ids.push(await write(board, place, rule));
  const random = new Random(19);
  const startMs = Date.now() - 3600_000;
  const calls = Array.from({ length: 300 }, () => callOf(random, place.agent, fresh('CA'), startMs + random.below(600_000))); // prettier-ignore
  // Beside each other, each in its own order.
  const waiting = calls.map((events) => [...events]).filter((events) => events.length > 0);
  const batch: object[] = [];
  for (let left = waiting; left.length > 0; left = left.filter((events) => events.length > 0)) {
    batch.push(left[random.below(left.length)]?.shift() as object);
    if (batch.length >= 200) await board.ingest(...batch.splice(0));
  }
  await board.ingest(...batch);
  await caughtUp(place);
  const open = calls.filter((events) => !events.some(({ event }) => event === 'call.ended')).length;
  expect(open).toBeGreaterThan(10);
  const count = await compare(place, ids, calls.filter((events) => events.length > 0).length);
  expect(count).toBeGreaterThan(500);
}, 300_000);

it('agrees where a timer and a late event meet', async () => {
  const place = await placeOf(board);
  const rule = { name: 'quiet', when: { silence: { seconds: 1 } }, once: 'each' };
  const id = await write(board, place, rule);
  const { agent } = place;
  const random = new Random(7);
  const calls = Array.from({ length: 60 }, () => fresh('CA'));
  await Promise.all(
    calls.map(async (call) => {
      const at = () => ({ at: new Date().toISOString() });
      await board.ingest({ ...started(agent, call), ...at() }, { ...callerSays(agent, call, 'u1', 'one'), ...at() });
      // About when the timer fires, now before and now after it, with a time from before: it counts where the log has
      // it. So time is what is tested.
      await new Promise((resolve) => setTimeout(resolve, 1100 + random.below(300)));
      const earlier = { at: new Date(Date.now() - 600).toISOString() };
      await board.ingest({ ...agentSays(agent, call, '', 'two'), ...earlier });
      await board.ingest({ ...ended(agent, call), at: new Date(Date.now() + 100).toISOString() });
    }),
  );
  await caughtUp(place);
  const live = await saidBy(place, id);
  expect(sorted((await backtest(place, `/${id}`)).fired)).toEqual(live);
  expect(live.length).toBeGreaterThan(5);
}, 120_000);
