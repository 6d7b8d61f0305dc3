/** Webhooks from a shell, and `listen`, which sends to a developer's machine what a webhook is sent. */
import { CommandLineBench } from '../support/command-line-bench.js';
import { ended, said, started } from '../support/calls.js';
import type { CommandRun } from '../support/command-line.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { WebhookReceiver, verify } from '../support/webhook-receiver.js';

let bench: CommandLineBench;
let board: Switchboard;
const receivers: WebhookReceiver[] = [];
beforeAll(async () => {
  bench = await CommandLineBench.start({ WEBHOOKS_ALLOW: '127.0.0.0/8' });
  ({ board } = bench);
});
afterAll(async () => {
  await bench.stop();
  await Promise.all(receivers.map((receiver) => receiver.stop()));
});

async function place() {
  const [agent, call] = [fresh('mara'), fresh('CA')];
  const { id, token } = await board.createTenant({ agents: [agent] });
  const receiver = await WebhookReceiver.start();
  receivers.push(receiver);
  return { agent, call, id, token, receiver };
}

const secretOf = ({ stderr }: CommandRun) => /secret: (whsec_\S+)/.exec(stderr)?.[1] ?? '';

describe('switchboard listen', () => {
  it('sends byte for byte what a webhook is sent, signed with the secret that it prints, one line each', async () => {
    const { agent, call, id, receiver } = await place();
    const hosted = await WebhookReceiver.start();
    receivers.push(hosted);
    await bench.said('webhook', 'create', hosted.url, '--tenant', id);
    const listen = bench.begin(['listen', '--tenant', id, '--forward', receiver.url]);
    await listen.says('# connected at');
    await board.ingest(
      started(agent, call),
      said(agent, call, 'u1', 'héllo \u2028 "there"', { price: 1.5, cost: 3 }),
      { event: 'bot.word', agent, callId: call, word: 'in progress' },
      ended(agent, call),
    );
    await waitFor(() => receiver.deliveries.length === 3 && hosted.deliveries.length === 3, 'both to have it all');
    expect(receiver.deliveries.map(({ text }) => text)).toEqual(hosted.deliveries.map(({ text }) => text));
    for (const [index, delivery] of receiver.deliveries.entries()) {
      expect(verify(delivery, secretOf(listen))).toEqual(delivery.body);
      expect(delivery.headers).toMatchObject({
        'content-type': hosted.deliveries[index]?.headers['content-type'],
        'user-agent': hosted.deliveries[index]?.headers['user-agent'],
      });
    }
    await waitFor(() => listen.lines.length === 3, 'three lines');
    expect(listen.lines[2]).toMatch(/^\d\d:\d\d:\d\d +3 +call\.ended +\S+ +204 +\d+ ms$/);
    expect(await listen.signal('SIGINT')).toBe(0);
    expect(listen.stderr).not.toContain('not taken');
  });

  it('sends again what was not taken, under the same id, and holds back that call only', async () => {
    const { agent, call, token, receiver } = await place();
    let isAway = true;
    receiver.answer = ({ body }) => (isAway && body.data['callId'] === call ? 503 : 204);
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const listen = bench.begin(['listen', '--forward', receiver.url, '--secret', secret, '--after', '0', '--json'], {
      variables: { SWITCHBOARD_TOKEN: token },
    });
    const other = fresh('CA');
    await board.ingest(started(agent, call), ended(agent, call), started(agent, other), ended(agent, other));
    await waitFor(() => receiver.deliveries.length === 3, 'the other call, and one failure');
    isAway = false;
    await waitFor(() => receiver.deliveries.length === 5, 'the call that waited');
    const ofCall = receiver.deliveries.filter(({ body }) => body.data['callId'] === call);
    expect(ofCall.map(({ body }) => body.type)).toEqual(['call.started', 'call.started', 'call.ended']);
    expect(ofCall[1]?.id).toBe(ofCall[0]?.id);
    expect(ofCall[1]?.text).toBe(ofCall[0]?.text);
    expect(verify(ofCall[2] ?? ({} as never), secret)).toBeTruthy();
    const shown = listen.lines.map((line) => JSON.parse(line) as { status: number; againMs: number | null });
    expect(shown.filter(({ status }) => status === 503)).toEqual([
      expect.objectContaining({ event: '1', delivered: false, againMs: expect.any(Number) }),
    ]);
    expect(await listen.signal('SIGTERM')).toBe(0);
  });

  it('sends each call when it is over, byte for byte as a webhook of calls is sent it', async () => {
    const { agent, call, id, token, receiver } = await place();
    const [hosted, own] = [await WebhookReceiver.start(), await WebhookReceiver.start()];
    receivers.push(hosted, own);
    await bench.said('webhook', 'create', hosted.url, '--each', 'call', '--tenant', id);
    const listens = [
      bench.begin(['listen', '--tenant', id, '--forward', receiver.url, '--each', 'call']),
      bench.begin(['listen', '--forward', own.url, '--each', 'call'], { variables: { SWITCHBOARD_TOKEN: token } }),
    ];
    for (const listen of listens) await listen.says('# connected at');
    await board.ingest(started(agent, call), said(agent, call, 'u1', 'now', { price: 1.5 }), ended(agent, call));
    const all = [hosted, receiver, own];
    await waitFor(() => all.every(({ deliveries }) => deliveries.length === 1), 'each to have the call');
    const [theirs, ...ours] = all.map(({ deliveries }) => deliveries[0]?.text);
    expect(JSON.parse(theirs ?? '')).toMatchObject({ type: 'call.completed', id: '3', data: { callId: call } });
    expect(ours).toEqual([theirs, theirs]);
    for (const listen of listens) expect(await listen.signal('SIGINT')).toBe(0);
  });

  it('says from where to go on when it ends before all is taken, and ends where a webhook would be disabled', async () => {
    const { agent, call, id, receiver } = await place();
    receiver.answer = () => 500;
    const listen = bench.begin(['listen', '--tenant', id, '--forward', receiver.url]);
    await listen.says('# connected at');
    await board.ingest(started(agent, call), ended(agent, call));
    await listen.says('again in');
    expect(await listen.signal('SIGINT')).toBe(0);
    expect(listen.stderr).toContain('# 2 not taken yet; to go on from here: --after 0');
    receiver.answer = () => 410;
    const gone = await bench.run(['listen', '--tenant', id, '--forward', receiver.url, '--after', '0']);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('a webhook would be disabled now')]);
  });

  it('refuses an address, a secret or an operator without a tenant, as mistakes of the command line', async () => {
    const runs = await Promise.all([
      bench.run(['listen', '--tenant', 'x', '--forward', 'ftp://here']),
      bench.run(['listen', '--tenant', 'x', '--forward', 'http://127.0.0.1:1', '--secret', 'whsec_%']),
      bench.run(['listen', '--forward', 'http://127.0.0.1:1']),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2]);
    expect(runs[2]?.stderr).toContain('--tenant');
  });
});

describe('switchboard webhook', () => {
  it('creates one and prints its secret only, tests it, lists it, shows its attempts, and recovers', async () => {
    const { agent, call, id, receiver } = await place();
    await board.ingest(started(agent, call));
    const { stdout, stderr } = await bench.run(['webhook', 'create', receiver.url, '--tenant', id, '--type', 'call.*']);
    expect(stdout).toMatch(/^whsec_\S+\n$/);
    const hook = /webhook (\S+) to/.exec(stderr)?.[1] ?? '';
    expect(await bench.said('webhook', 'test', hook, '--tenant', id)).toMatch(/^it answered 204 after \d+ ms\n$/);
    expect(verify(receiver.deliveries[0] ?? ({} as never), stdout.trim())).toMatchObject({ test: true });
    receiver.answer = () => ({ status: 503, body: 'busy \u001b[2J' });
    const failed = await bench.run(['webhook', 'test', hook, '--tenant', id]);
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('it answered 503\nbusy \ufffd[2J\n')]);
    receiver.answer = () => 204;
    await bench.said('webhook', 'recover', hook, '--tenant', id, '--after', '0');
    await waitFor(() => receiver.deliveries.some(({ body }) => body.id === '1'), 'the event from before');
    await waitFor(
      async () => (await bench.said('webhook', 'attempts', hook, '--tenant', id)).includes('call.started'),
      'its attempt',
    );
    expect(await bench.said('webhook', 'list', '--tenant', id)).toMatch(new RegExp(`^${hook} +\\S+ +active`, 'm'));
    const unclear = await bench.run(['webhook', 'recover', hook, '--tenant', id]);
    expect(unclear.code).toBe(2);
  });
});
