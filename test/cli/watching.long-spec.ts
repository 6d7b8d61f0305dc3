/** What the command line shows of a running server: its events, and what is wrong on the way to it. */
import { CommandLineBench } from '../support/command-line-bench.js';
import { type Meddling, type Proxy, startProxy } from '../support/meddling-proxy.js';
import { Switchboard } from '../support/switchboard.js';
import { OBEYED } from '../support/terminal.js';
import { fresh, message } from '../support/things.js';

let bench: CommandLineBench;
let board: Switchboard;
beforeAll(async () => {
  bench = await CommandLineBench.start();
  ({ board } = bench);
});
const proxies: Proxy[] = [];
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  await bench.stop();
});

describe('switchboard tail', () => {
  it('shows what a tenant sees, one line an event, and what was said in it is shown, never obeyed', async () => {
    const agent = fresh('mara');
    const { id } = await board.createTenant({ agents: [agent] });
    const other = fresh('julia');
    await board.createTenant({ agents: [other] });
    const tail = bench.begin(['tail', '--tenant', id]);
    await tail.says('# connected at 0');
    const hostile = 'a\u001b[2J\u001b]0;owned\u0007\nb\r\u2028c\u202edcba\u009b31m';
    await board.ingest(
      { event: 'call.started', agent, callId: agent, from: '+34611111111', to: '+34910000000', direction: 'inbound' },
      { ...message(agent, agent, 1), text: hostile },
      message(other, other, 'canary of another tenant'),
      { event: 'bot.word', agent, callId: agent, word: 'an-interim-word' },
      { event: 'call.ended', agent, callId: agent, duration: 12, reason: 'hangup' },
    );
    await tail.says('call.ended');
    expect(tail.lines).toHaveLength(3);
    expect(tail.lines[0]).toMatch(
      new RegExp(`^\\d\\d:\\d\\d:\\d\\d ${agent} .* call\\.started +\\+34611111111 → \\+34910000000 inbound$`),
    );
    expect(tail.lines[1]).toContain('user.message       "a�[2J�]0;owned� b  c�dcba�31m"');
    expect(tail.lines[2]).toMatch(/call\.ended +12 s hangup$/);
    expect(tail.stdout + tail.stderr).not.toMatch(OBEYED);
    expect(tail.stdout).not.toMatch(/canary|interim/);
    expect(await tail.signal('SIGINT')).toBe(0);
    const { body } = await board.admin<{ audit: { action: string }[] }>('GET', `/v1/admin/audit?tenant=${id}`);
    expect(body.audit.map(({ action }) => action)).toContain('tenant.view');
  });

  it('comes back by its cursor after the server was away, and misses nothing', async () => {
    const agent = fresh('mara');
    let server = await board.beside();
    const { id } = await board.createTenant({ agents: [agent] });
    const door = await startProxy(() => server.url);
    proxies.push(door);
    const tail = bench.begin(['tail', '--tenant', id, '--json', '--type', 'user.*'], {
      variables: { SWITCHBOARD_URL: door.url },
    });
    await tail.says('"connected"');
    await server.stop();
    await board.ingest(message(agent, agent, 1), message(agent, agent, 2));
    await tail.says('trying again');
    server = await board.beside();
    await board.ingest(message(agent, agent, 3));
    await tail.says('text 3');
    const shown = tail.lines.map((line) => JSON.parse(line) as { type: string; data: { text: string } });
    expect(shown.filter(({ type }) => type === 'user.message').map(({ data }) => data.text)).toEqual([
      'text 1',
      'text 2',
      'text 3',
    ]);
    expect(await tail.signal('SIGTERM')).toBe(0);
    await server.stop();
  });

  it('names the tenant of each event to an admin, and ends when the token may no longer read', async () => {
    const agent = fresh('mara');
    const { id, token, tokenId } = await board.createTenant({ agents: [agent] });
    const own = bench.begin(['tail'], { variables: { SWITCHBOARD_TOKEN: token } });
    await own.says('connected');
    await board.ingest(message(agent, agent, 0));
    const watching = bench.begin(['tail', '--agent', agent, '--after', '0']);
    await watching.says('text 0');
    expect(watching.lines.at(-1)).toMatch(new RegExp(`^\\S+ ${id} +${agent} `));
    await bench.said('token', 'revoke', tokenId);
    expect(await own.exited).toBe(1);
    expect(own.stderr).toContain('# the server ends the stream: The token was revoked');
    await watching.signal('SIGINT');
  });
});

describe('switchboard doctor', () => {
  const examine = async (meddling: Meddling | undefined, ...args: string[]) => {
    const { id, token } = await board.createTenant();
    const proxy = meddling && (await startProxy(board.url, meddling));
    if (proxy) proxies.push(proxy);
    const variables = { SWITCHBOARD_URL: proxy?.url ?? board.url, SWITCHBOARD_TOKEN: token };
    const { code, stdout } = await bench.run(['doctor', ...args], { variables });
    return {
      code,
      id,
      // How soon a stream greets is the machine's doing, here.
      bad: stdout.split('\n').filter((line) => /^[✗!]/.test(line) && !/HTTP\/1\.1|greets only after/.test(line)),
      stdout,
    };
  };

  it('finds nothing wrong where nothing is in between, also as an admin and as a tenant', async () => {
    const { code, bad, stdout, id } = await examine(undefined, '--wait', '5');
    expect({ code, bad }).toEqual({ code: 0, bad: [] });
    expect(stdout).toContain('✓ pings arrive');
    const views = await Promise.all([
      bench.run(['doctor', '--wait', '0']),
      bench.run(['doctor', '--wait', '0', '--tenant', id]),
    ]);
    for (const view of views)
      expect(view).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ Last-Event-ID') });
  });

  it('finds what a proxy does wrong: each of these, and nothing else', async () => {
    const cases: [what: string, Meddling, finding: RegExp, code: number][] = [
      ['buffers', { buffers: true }, /^✗ the stream says nothing: something buffers it/, 1],
      ['strips Last-Event-ID', { strips: ['last-event-id'] }, /^✗ Last-Event-ID does not arrive/, 1],
      ['compresses', { compresses: true }, /^✗ it is compressed \(gzip\)/, 1],
      ['eats pings', { eatsComments: true }, /^✗ no ping within 3 s/, 1],
      ['strips Authorization', { strips: ['authorization'] }, /^✗ the token is refused \(401\)/, 1],
      [
        'has a clock of another time',
        { answers: { date: new Date(0).toUTCString() } },
        /^! this clock is \d+ s ahead/,
        0,
      ],
      ['lets caches transform', { answers: { 'cache-control': 'no-cache' } }, /^! Cache-Control: no-transform was/, 0],
      ['answers itself', { status: 200 }, /^✗ \/healthz answers 200 and not as Switchboard/, 1],
    ];
    const found = await Promise.all(cases.map(([, meddling]) => examine(meddling, '--wait', '3')));
    for (const [index, [what, , finding, expected]] of cases.entries()) {
      const { bad, code } = found[index] ?? {};
      expect({ what, bad, code }).toEqual({ what, bad: [expect.stringMatching(finding)], code: expected });
    }
  });
});
