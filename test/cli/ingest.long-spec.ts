/** Events from a file or a pipe into the log, by the command line. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandLineBench } from '../support/command-line-bench.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';

let bench: CommandLineBench;
let board: Switchboard;
beforeAll(async () => {
  bench = await CommandLineBench.start();
  ({ board } = bench);
});
afterAll(() => bench.stop());

const jsonLines = (events: readonly object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');
const messages = (many: number, agent = fresh('mara'), call = fresh('CA')) =>
  Array.from({ length: many }, (_, n) => message(agent, call, n));

it('brings a file in, and the same file again adds nothing', async () => {
  const agent = fresh('mara');
  const { id } = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
  const file = join(bench.folder, 'events.jsonl');
  const anonymous = { event: 'note.taken', agent };
  writeFileSync(file, jsonLines([...messages(2500, agent), anonymous, anonymous]));
  expect(await bench.said('ingest', file)).toBe('accepted 2502, duplicates 0, rejected 0\n');
  expect(await bench.said('ingest', file)).toBe('accepted 0, duplicates 2502, rejected 0\n');
  const { token } = await board.createToken(id);
  const { body } = await board.request<{ events: unknown[] }>('GET', '/v1/log?after=2500', { token });
  expect(body.events).toHaveLength(2);
});

it('names the line of whatever is rejected, takes the others, and ends with 1', async () => {
  const [one, two] = messages(2);
  const stdin = `${JSON.stringify(one)}\n\nnonsense\n{"event":"error","agent":"x"}\r\n${JSON.stringify(two)}`;
  const { code, stdout, stderr } = await bench.run(['ingest'], { stdin });
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'accepted 2, duplicates 0, rejected 2\n' });
  expect(stderr).toMatch(/^line 3: is not JSON\nline 4: type: "error" is reserved\n$/);
  const json = await bench.run(['ingest', '-', '--json'], { stdin });
  expect(json).toMatchObject({ code: 1, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject({
    accepted: 0,
    duplicates: 2,
    rejected: [{ place: 'line 3', problem: { type: '/problems/validation' } }, { place: 'line 4' }],
  });
  const none = await bench.run(['ingest'], { stdin: '{}\n' });
  expect(none).toMatchObject({ code: 1, stdout: 'accepted 0, duplicates 0, rejected 1\n' });
});

it('takes an array, written on as many lines as one likes', async () => {
  const [one, two] = messages(2);
  const stdin = JSON.stringify([one, { event: 'error', agent: 'x' }, two], null, 2);
  const { code, stdout, stderr } = await bench.run(['ingest'], { stdin });
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'accepted 2, duplicates 0, rejected 1\n' });
  expect(stderr).toMatch(/^entry 2 \(line 9\): type: "error" is reserved\n$/);
});

it('waits as long as a tenant that is too fast is asked to, and loses nothing', async () => {
  const agent = fresh('mara');
  const { id } = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
  await board.admin('PATCH', `/v1/admin/tenants/${id}`, { limits: { ingestPerSecond: 300 } });
  const { token } = await board.createToken(id, { scopes: ['events:write', 'events:read'] });
  const variables = { SWITCHBOARD_TOKEN: token };
  const { code, stdout, stderr } = await bench.run(['ingest'], { stdin: jsonLines(messages(3000, agent)), variables });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'accepted 3000, duplicates 0, rejected 0\n' });
  expect(stderr).toMatch(/^waiting \d+ s: This tenant may send 300 events a second; none of these was taken\.$/m);
});

it('says what is wrong with its input, and that a token may not write', async () => {
  const { token } = await board.createTenant({ id: fresh('tenant') });
  const latin = join(bench.folder, 'latin.jsonl');
  writeFileSync(latin, Buffer.from('{"event":"note.taken","agent":"maría"}\n', 'latin1'));
  const [gone, eight, broken, reader] = await Promise.all([
    bench.run(['ingest', 'nothing.jsonl']),
    bench.run(['ingest', latin]),
    bench.run(['ingest'], { stdin: '[{"event":"note.taken","agent":"mara"},\n{"event":' }),
    bench.run(['ingest'], { stdin: jsonLines(messages(1)), variables: { SWITCHBOARD_TOKEN: token } }),
  ]);
  expect(gone).toMatchObject({ code: 2, stderr: 'switchboard: nothing.jsonl cannot be read (ENOENT)\n' });
  expect(eight).toMatchObject({ code: 2, stderr: `switchboard: ${latin}: it is not UTF-8\n` });
  expect(broken).toMatchObject({
    code: 2,
    stderr: 'switchboard: stdin: the array does not end; nothing was sent\n',
  });
  const endless = join(bench.folder, 'endless.jsonl');
  writeFileSync(endless, `${jsonLines(messages(2))}${'x'.repeat(2_000_000)}`);
  const long = await bench.run(['ingest', endless]);
  expect(long).toMatchObject({ code: 2, stdout: '' });
  expect(long.stderr).toBe(
    `it ended early: accepted 2, duplicates 0, rejected 0\nswitchboard: ${endless}: line 3 is too long; is there one event a line?\n`,
  );
  expect(reader).toMatchObject({ code: 1, stderr: 'switchboard: This needs the scope "events:write" or "admin".\n' });
});
