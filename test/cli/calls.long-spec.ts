/** Calls, numbers and limits from a shell, as an operator and as a tenant. */
import { ended, said, settled, started } from '../support/calls.js';
import { CommandLineBench } from '../support/command-line-bench.js';
import { Switchboard } from '../support/switchboard.js';
import { OBEYED } from '../support/terminal.js';
import { fresh } from '../support/things.js';

let bench: CommandLineBench;
let board: Switchboard;
beforeAll(async () => {
  bench = await CommandLineBench.start({ LIMIT_STREAMS: '7' });
  ({ board } = bench);
});
afterAll(() => bench.stop());

const DAY = '2026-11-20';
const at = (time: string) => ({ at: `${DAY}T${time}Z` });

/** Two calls of a tenant: a measured one that is over, and one in progress. */
async function place() {
  const [agent, other, over, live] = [fresh('mara'), fresh('lucia'), fresh('CA'), fresh('CA')];
  const { id, token } = await board.createTenant({ id: fresh('tenant'), agents: [agent, other] });
  const event = (type: string, fields: object) => ({ event: type, agent, callId: over, ...fields });
  await board.ingest(
    started(agent, over, at('09:00:00')),
    event('bot.speaking', { messageId: 'b1', text: 'Pinecall, good morning', latencyMs: 870, ...at('09:00:01') }),
    event('bot.finished', { messageId: 'b1', ...at('09:00:03') }),
    said(agent, over, 'u1', 'I want a refund\u001b[31m', at('09:00:04')),
    event('tool.call', { id: 't1', name: 'find_order', args: { order: 12345678901234567890n.toString() }, ...at('09:00:05') }), // prettier-ignore
    event('tool.result', { id: 't1', name: 'find_order', result: { paid: true }, ms: 320, ...at('09:00:06') }),
    ended(agent, over, { duration: 84.5, ...at('09:01:24') }),
    started(other, live, { from: '+34600000001' }),
  );
  await settled(board);
  return { agent, other, over, live, id, variables: { SWITCHBOARD_TOKEN: token } };
}

describe('switchboard calls', () => {
  it('list narrows and searches as the API does, and says how to go on', async () => {
    const { agent, over, live, id, variables } = await place();
    const ids = (text: string) => text.match(/CA-\w+/g) ?? [];
    const all = await bench.run(['calls', 'list'], { variables });
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(ids(all.stdout)).toEqual([live, over]);
    expect(all.stdout).toMatch(/^STARTED AT +CALL ID +AGENT +FROM +STATE +REASON +SECONDS +P95 +SAID\n/);
    expect(all.stdout).toMatch(
      new RegExp(`^${DAY}T09:00:00.000Z +${over} +${agent} .* ended +hangup +84.5 +870 `, 'm'),
    );
    const narrowed = [
      ['--state', 'ended'],
      ['--agent', agent],
      ['--q', 'refun'],
      ['--to', '2026-11-21'],
    ];
    for (const filter of narrowed) expect(ids(await bench.said('calls', 'list', '--tenant', id, ...filter))).toEqual([over]); // prettier-ignore
    const first = await bench.run(['calls', 'list', '--tenant', id, '--limit', '1']);
    expect([ids(first.stdout), first.stdout]).toEqual([[live], expect.stringContaining(` ${id} `)]);
    const cursor = /^more: --cursor (\S+)\n$/.exec(first.stderr)?.[1] ?? '';
    expect(ids(await bench.said('calls', 'list', '--tenant', id, '--limit', '1', '--cursor', cursor))).toEqual([over]);
    const { text } = await board.admin('GET', `/v1/admin/calls?tenants=${id}&limit=50&state=ended`);
    expect(await bench.said('calls', 'list', '--tenant', id, '--state', 'ended', '--json')).toBe(`${text}\n`);
    const wrong = await bench.run(['calls', 'list', '--from', 'yesterday']);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('from: must be a time such as') });
  });

  it('show prints what was said when, the tools and what was measured, and the terminal obeys none of it', async () => {
    const { agent, over, id, variables } = await place();
    const own = await bench.run(['calls', 'show', over], { variables });
    expect(own).toMatchObject({ code: 0, stderr: '' });
    expect(own.stdout).not.toMatch(OBEYED);
    expect(own.stdout.split('\n')).toEqual([
      `call          ${over}`,
      `agent         ${agent}`,
      'caller        +34611111111 → +34910000000',
      'way           inbound, phone',
      `began         ${DAY}T09:00:00.000Z`,
      'state         ended, hangup, after 84.5 s',
      'latency       p50 870 ms, p95 870 ms, longest 870 ms, of 1 turn',
      'tools         1, of which 0 failed',
      expect.stringMatching(/^time {10}ringing 0\.0 s, .*silence \d+\.\d s$/),
      '',
      '   0:01  agent   Pinecall, good morning  (after 870 ms)',
      '   0:04  caller  I want a refund\ufffd[31m',
      '   0:05  tool    find_order {"order":"12345678901234567890"} → {"paid":true}  (320 ms)',
      '',
    ]);
    expect(await bench.said('calls', 'show', over, '--tenant', id)).toContain(`\ntenant        ${id}\n`);
    const { text } = await board.admin('GET', `/v1/admin/calls/${over}`);
    expect(await bench.said('calls', 'show', over, '--json')).toBe(`${text}\n`);
    const stranger = await board.createTenant({ id: fresh('tenant') });
    const foreign = await bench.run(['calls', 'show', over], { variables: { SWITCHBOARD_TOKEN: stranger.token } });
    expect(foreign).toEqual({ code: 1, stdout: '', stderr: 'switchboard: There is no call of that id.\n' });
  });
});

describe('switchboard stats', () => {
  it('are a tenant’s own, or those that an operator looks at in its name', async () => {
    const { agent, id, variables } = await place();
    const asked = ['stats', '--from', DAY, '--to', '2026-11-22'];
    const own = await bench.run(asked, { variables });
    expect(own).toMatchObject({ code: 0, stderr: '' });
    expect(own.stdout).toMatch(new RegExp(`^${DAY}T00:00:00.000Z – 2026-11-22T00:00:00.000Z \\(UTC\\)\n`));
    expect(own.stdout).toMatch(/^1 +1\.41 +84\.5 +870 +870 +0 of 1 +0 +–$/m);
    expect(own.stdout).toMatch(new RegExp(`^${DAY}T00:00:00.000Z +1 +1\\.41 +870 +870$`, 'm'));
    expect(own.stdout).toMatch(new RegExp(`^${agent} +1 +1\\.41 .*\n\nREASON +CALLS\nhangup +1\n`, 'm'));
    expect(await bench.said(...asked, '--tenant', id)).toBe(own.stdout);
    expect(await bench.said('audit', '--tenant', id)).toContain('tenant.view');
    const hours = JSON.parse(await bench.said(...asked, '--tenant', id, '--bucket', 'hour', '--json')) as object;
    expect(hours).toMatchObject({ bucket: 'hour', totals: { calls: 1 } });
    const whose = await bench.run(asked);
    expect(whose).toEqual({ code: 2, stdout: '', stderr: 'switchboard: whose numbers? Add --tenant <tenant>\n' });
  });
});

describe('switchboard limits', () => {
  it('shows what holds and where it comes from, sets, and goes back to the platform’s', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant') });
    expect(await bench.said('limits')).toMatch(/^streams +7\n(.*\n)*retentionDays +for ever$/m);
    const set = await bench.said('limits', 'set', 'streams=3', 'retentionDays=30', '--tenant', id);
    expect(set).toMatch(/^streams +3 +set\nstreamsPerToken +\d+ +platform\n(.*\n)*retentionDays +30 +set$/m);
    expect((await board.admin('GET', `/v1/admin/tenants/${id}`)).body['limits']).toEqual({ streams: 3, retentionDays: 30 }); // prettier-ignore
    expect(await bench.said('limits', 'unset', 'streams', '--tenant', id)).toMatch(/^streams +7 +platform$/m);
    const json = JSON.parse(await bench.said('limits', '--tenant', id, '--json')) as object;
    expect(json).toMatchObject({ tenant: id, limits: { streams: 7, retentionDays: 30 }, set: { retentionDays: 30 } });
  });

  it('says which limits there are, and what a limit may be', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant') });
    const cases: [string[], string][] = [
      [['set', 'stream=3'], '"stream" is not a limit; the limits are streams, streamsPerToken'],
      [['set', 'streams'], '"streams" must look like streams=100'],
      [['unset', 'all'], '"all" is not a limit'],
      [['set', 'retentionDays=0'], 'limits.retentionDays: '],
    ];
    const runs = await Promise.all(cases.map(([args]) => bench.run(['limits', ...args, '--tenant', id])));
    for (const [index, { code, stderr }] of runs.entries())
      expect([code, stderr]).toEqual([2, expect.stringContaining(cases[index]?.[1] ?? '')]);
  });
});
