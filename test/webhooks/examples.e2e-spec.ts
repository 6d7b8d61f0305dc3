/**
 * The receivers of examples/webhooks take what is really signed, and nothing else; each where its language is present.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { newSecret, sign } from '../../src/webhooks/signature.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';

const FOLDER = resolve(import.meta.dirname, '../../examples/webhooks');
const has = (command: string) => spawnSync(command, ['--version']).status === 0;
const running: ChildProcess[] = [];
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));

it.each([
  ['Node', process.execPath, () => ['receiver.mjs']],
  ['Python', 'python3', () => ['receiver.py']],
  ['PHP', 'php', (port: number) => ['-S', `127.0.0.1:${port}`, 'receiver.php']],
])('in %s', async (_, command, argumentsFor) => {
  if (!has(command)) return;
  const [port, secret] = [await freePort(), newSecret()];
  const env = { PATH: process.env['PATH'], WEBHOOK_SECRET: secret, PORT: String(port) };
  running.push(spawn(command, argumentsFor(port), { cwd: FOLDER, env, stdio: 'ignore' }));
  const body = JSON.stringify({ type: 'call.started', id: '1', data: { callId: 'CA_1' }, previous: null });
  const post = (secrets: string[], text = body, at = new Date()) =>
    fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: text, headers: { ...sign(secrets, 'msg_1', at, body) } })
      .then(({ status }) => status)
      .catch(() => undefined);
  await waitFor(async () => (await post([secret])) === 204, 'the receiver');
  expect(await post([newSecret(), secret])).toBe(204);
  expect(await post([newSecret()])).toBe(400);
  expect(await post([secret], `${body} `)).toBe(400);
  expect(await post([secret], body, new Date(Date.now() - 3600_000))).toBe(400);
});
