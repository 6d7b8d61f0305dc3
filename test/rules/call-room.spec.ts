/** How much memory calls in progress take for their rules: src/rules/call-room.ts. */
import type { CallId, TenantId } from '../../src/common/ids.js';
import type { AgentName } from '../../src/common/ids.js';
import type { LoggedEvent } from '../../src/events/log/event.js';
import { CallRoom } from '../../src/rules/call-room.js';
import { RuleSet } from '../../src/rules/rule-set.js';
import { TenantCalls } from '../../src/rules/tenant-calls.js';

const MAX_BYTES = 600_000;
const RULES = new RuleSet([
  ...[{ id: 'r', name: 'r', agents: [], once: 'call' as const, since: 0 }].map((rule) => ({
    ...rule,
    when: { said: { by: 'caller' as const, words: ['refund'] } },
  })),
]);

let seq = 0;
const line = (tenant: string, call: string): LoggedEvent => ({
  type: 'user.message',
  agent: 'mara' as AgentName,
  callId: call as CallId,
  at: '2026-11-27T21:06:05.788Z',
  data: JSON.stringify({ messageId: 'u1', text: 'refund' }),
  ephemeral: false,
  tenantId: tenant as TenantId,
  position: (seq += 1),
  seq,
});

function tenant(room: CallRoom, name: string) {
  const dropped: string[] = [];
  const calls = new TenantCalls(name as TenantId, RULES, 0, room, ({ callId }) => dropped.push(callId));
  const take = (call: string) => calls.take(line(name, call));
  const has = (call: string) => calls.get(call as CallId) !== undefined;
  return { calls, dropped, take, has };
}
const upTo = (count: number) => Array.from({ length: count }, (_, at) => `CA_${at}`);

it('stays within its bound, at the cost of the tenant with most, and there of the calls that are silent for longest', () => {
  const room = new CallRoom(MAX_BYTES);
  const [few, many] = [tenant(room, 'few'), tenant(room, 'many')];
  for (const call of upTo(10)) few.take(call);
  for (const call of upTo(3000)) {
    many.take('CA_talks'); // It is heard of again and again.
    many.take(call);
    expect(room.bytesTaken).toBeLessThanOrEqual(MAX_BYTES);
    expect(room.bytesTaken).toBe(few.calls.bytes + many.calls.bytes);
  }
  expect(few.dropped).toEqual([]);
  expect(upTo(10).every(few.has)).toBe(true);
  expect([many.has('CA_talks'), many.has('CA_2999')]).toEqual([true, true]);
  expect(many.dropped).toEqual(upTo(many.dropped.length)); // The oldest, in order.
  expect(many.dropped.length).toBeGreaterThan(2000);
});

it('drops no call whose events are being taken, and makes room afterwards', async () => {
  const room = new CallRoom(MAX_BYTES);
  const { calls, take, has } = tenant(room, 'acme');
  const page = upTo(400);
  const nothing = () => Promise.resolve({ rows: [], rowCount: 0 } as never);
  await calls.with(nothing, page as CallId[], async () => {
    for (const call of page) take(call);
    await Promise.resolve();
    expect(page.every(has)).toBe(true);
  });
  take('CA_next');
  expect(room.bytesTaken).toBeLessThanOrEqual(MAX_BYTES);
  expect([has('CA_0'), has('CA_next')]).toEqual([false, true]);
});

it('has all of the room again when tenants leave', () => {
  const room = new CallRoom(MAX_BYTES);
  const places = upTo(20).map((name) => tenant(room, name));
  for (const { take } of places) for (const call of upTo(5)) take(call);
  for (const { calls, dropped } of places) {
    calls.close();
    expect(dropped.sort()).toEqual(upTo(5));
  }
  expect(room.bytesTaken).toBe(0);
});
