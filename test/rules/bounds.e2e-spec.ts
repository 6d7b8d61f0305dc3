/** Bounds of live rules and backtests, and that nothing is missed at them: docs/rules.md. */
import type { CallId, TenantId } from '../../src/common/ids.js';
import { ReaderPool } from '../../src/database/pools.js';
import type { Run } from '../../src/database/pg-pool.js';
import { ReaderPages } from '../../src/readers/reader-pages.js';
import { Backtests } from '../../src/rules/backtests.js';
import { CallRoom } from '../../src/rules/call-room.js';
import { RuleSet } from '../../src/rules/rule-set.js';
import { TenantCalls } from '../../src/rules/tenant-calls.js';
import { started } from '../support/calls.js';
import { type RulePlace, callerSays, ended, placeOf } from '../support/rules.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';

const ALL = [{ said: { by: 'caller' as const, words: ['refund'] } }, { ended: { reasons: ['hangup'] } }];
const RULE = { name: 'a rule', when: { all: ALL }, once: 'call' as const };
/** More calls than the room that the test gives them holds. */
const CALLS = 120;
const ROOM_BYTES = 100_000;

interface Page {
  readonly fired: readonly { callId: string; event: string }[];
  readonly calls: number;
  readonly next: string | null;
}

let board: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '100000' });
});
afterAll(() => board.stop());
const names = Array.from({ length: CALLS }, (_, at) => `CA_${String(at).padStart(3, '0')}`);

async function backtest({ token }: RulePlace, rule: object, cursor: string | null, status = 200): Promise<Page> {
  const body = { rule, ...(cursor === null ? {} : { cursor }) };
  return (await expectStatus(status, board.request<Page>('POST', '/v1/rules/backtest', { token, body }))).body;
}

async function pagesOf(place: RulePlace, rule: object): Promise<Page[]> {
  const pages: Page[] = [];
  do pages.push(await backtest(place, rule, pages.at(-1)?.next ?? null));
  while (pages.at(-1)?.next !== null);
  return pages;
}

/** Takes the whole log of the tenant, ten events at a time, and says what fired and how many calls were dropped. */
async function takeAll(id: TenantId, room: CallRoom, taken: () => void = () => undefined) {
  const pool = board.app.get(ReaderPool);
  const run: Run = (text, values) => pool.query(text, values);
  const rules = new RuleSet([{ ...RULE, id: 'r', agents: [], since: 0 }]);
  let dropped = 0;
  const calls = new TenantCalls(id, rules, 0, room, () => (dropped += 1));
  const fired: string[] = [];
  for (;;) {
    const { signal } = new AbortController();
    const page = await board.app.get(ReaderPages).after(id, calls.reached, 10, signal);
    if (page.events.length === 0) return { fired, dropped };
    const callIds = page.events.flatMap(({ callId }) => callId ?? []);
    await calls.with(run, callIds, () => {
      for (const event of page.events) fired.push(...calls.take(event).map(() => event.callId as CallId));
      return Promise.resolve();
    });
    calls.reached = page.reached;
    taken();
  }
}

it('a call that had no room is made anew from the log, and nothing that it had heard is missing', async () => {
  const { id, agent } = await placeOf(board);
  for (const part of [
    (call: string) => [started(agent, call), callerSays(agent, call, 'u1', 'A refund, please')],
    (call: string) => [callerSays(agent, call, 'u2', 'Hello?')],
    (call: string) => [ended(agent, call)],
  ])
    await board.ingest(...names.flatMap(part));
  const room = new CallRoom(ROOM_BYTES);
  const { fired, dropped } = await takeAll(id as TenantId, room, () =>
    expect(room.bytesTaken).toBeLessThanOrEqual(ROOM_BYTES),
  );
  expect(fired).toEqual(names);
  expect(dropped).toBeGreaterThan(CALLS);
  // Where none has room: those whose events are being taken stay for as long as that takes.
  expect((await takeAll(id as TenantId, new CallRoom(1))).fired).toEqual(names);
});

it('a backtest that has no time left answers with how far it came, and its pages together find everything', async () => {
  const place = await placeOf(board);
  const { agent } = place;
  const few = names.slice(0, 12);
  await board.ingest(...few.flatMap((call) => [started(agent, call), callerSays(agent, call, 'u1', 'refund'), ended(agent, call)])); // prettier-ignore
  const backtests = board.app.get(Backtests);
  const [whole] = await pagesOf(place, RULE);
  expect(whole).toMatchObject({ calls: few.length, next: null });
  const before = backtests.longestMs;
  backtests.longestMs = 0;
  try {
    const pages = await pagesOf(place, RULE);
    expect(pages.length).toBeGreaterThanOrEqual(few.length); // A call at a time.
    expect(pages.flatMap(({ fired }) => fired)).toEqual(whole?.fired);
    expect(pages.reduce((sum, { calls }) => sum + calls, 0)).toBe(few.length);
  } finally {
    backtests.longestMs = before;
  }
});

it('a backtest answers after some thousand findings, and goes on by its cursor, which is no other tenant’s', async () => {
  const [place, other] = [await placeOf(board), await placeOf(board)];
  const { agent } = place;
  const LINES = 20;
  const lines = (call: string) => Array.from({ length: LINES }, (_, at) => callerSays(agent, call, `u${at}`, 'refund'));
  for (let at = 0; at < CALLS; at += 20)
    await board.ingest(...names.slice(at, at + 20).flatMap((call) => [started(agent, call), ...lines(call)]));
  const rule = { ...RULE, when: ALL[0], once: 'each' };
  const pages = await pagesOf(place, rule);
  expect(pages.length).toBeGreaterThan(1);
  // Whole batches of at most fifty calls.
  for (const { fired } of pages) expect(fired.length).toBeLessThan(1000 + 50 * LINES);
  const found = pages.flatMap(({ fired }) => fired.map(({ callId, event }) => `${callId} ${event}`));
  expect(new Set(found).size).toBe(found.length);
  expect(found).toHaveLength(CALLS * LINES);
  await backtest(other, rule, pages[0]?.next ?? '', 400);
});
