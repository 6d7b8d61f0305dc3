/**
 * The log is the last place in which a secret may stand: a line is JSON or readable, whole, and redacted whatever
 * somebody wrote.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { JsonLogger } from '../../src/common/json-logger.js';
import { withoutFramework } from '../../src/common/logger.js';
import { redactor } from '../../src/common/redaction.js';
import { readEnv } from '../../src/config/env.js';
import { secretsOf } from '../../src/config/secrets.js';

const SECRET = 'geheim-7f3a91-9Kx2';
const JWT = `eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJ4In0.${SECRET}`;
const redact = redactor();

function jsonLogger(known: string[] = []) {
  const written: Record<'out' | 'err', string[]> = { out: [], err: [] };
  const stream = (lines: string[]) => ({ write: (line: string) => void lines.push(line) });
  const logger = new JsonLogger(redactor(known), { out: stream(written.out), err: stream(written.err) });
  return { logger: withoutFramework(logger), written };
}

it.each([
  ['a token', `refused ${JWT}: expired`, 'refused [redacted]: expired'],
  ['a header', `Authorization: Bearer ${SECRET}`, 'Authorization: [redacted]'],
  ['a bearer', `asked with Bearer ${SECRET}, in vain`, 'asked with Bearer [redacted], in vain'],
  ['a basic login', 'asked with Basic dXNlcjpwYXNzd29yZA== again', 'asked with Basic [redacted] again'],
  ['a cookie', `Cookie: a=1; switchboard_session=${SECRET}`, 'Cookie: [redacted]'],
  ['a session', `got switchboard_session=${SECRET}; Path=/`, 'got switchboard_session=[redacted]; Path=/'],
  ['a query', `GET /v1/events?token=${SECRET}&types=a failed`, 'GET /v1/events?token=[redacted]&types=a failed'],
  ['another query', `/x?access_token=${SECRET}#y`, '/x?access_token=[redacted]#y'],
  ['a link’s code', `http://host/#code=${'x'.repeat(43)}`, 'http://host/#code=[redacted]'],
  [
    'a source’s login',
    `sse+http://user:p@${SECRET}@host/a?key=${SECRET}`,
    'sse+http://[redacted]@host/a?key=[redacted]',
  ],
  ['a connection string', `host=db password=${SECRET} port=1`, 'host=db password=[redacted] port=1'],
  ['a caller', 'no call from +34611222333 today', 'no call from [redacted] today'],
])('what looks like %s is redacted, and no more than that', (_, text, expected) => {
  expect(redact(text)).toBe(expected);
  expect(redact(JSON.stringify({ text, after: 1 }))).toBe(JSON.stringify({ text: expected, after: 1 }));
});

it.each([
  'sse+http://127.0.0.1:2/events: connect ECONNREFUSED 127.0.0.1:2; again in 0.5 s',
  'a batch failed, trying again: terminating connection due to administrator command (code=57P01)',
  'worker 4711 ended (SIGKILL); another one in 213 ms at 2026-11-24T17:00:00+00:00',
  'Send a token as "Authorization: Bearer …".',
  '{"tokenId":"tok_1","token-expired":3,"code":"ECONNRESET"}',
  'the event at position 17 (user.message) cannot be taken in: passed over',
])('what an operator needs stays: %s', (line) => expect(redact(line)).toBe(line));

it('secrets of the configuration are known by their value, wherever they stand', () => {
  const env = readEnv({
    DATABASE_URL: 'postgresql://user:pass%2Bword-1234@host/db',
    BUS_URL: 'nats://nats:switchboard@host',
    SOURCE_TOKEN: SECRET,
    SOURCES: `nats://a:other-${SECRET}@host/subject`,
  });
  const text = `${SECRET} pass%2Bword-1234 "pass+word-1234" other-${SECRET} of switchboard`;
  expect(redactor(secretsOf(env))(text)).not.toMatch(/geheim|word-1234/);
  expect(redactor(secretsOf(env))(text)).toMatch(/ of switchboard$/);
});

it('elsewhere than on a terminal a line is an object: errors to one stream, the rest to the other', () => {
  const { logger, written } = jsonLogger();
  logger.log('ready', 'Test');
  logger.warn('odd', { token: SECRET, tenants: [{ password: SECRET, name: 'acme' }] }, 'Test');
  logger.error('failed', `Error: of ${JWT}\n    at here`, 'Test');
  logger.log({ headers: { authorization: [SECRET], cookie: SECRET, accept: '*/*' } }, 'Test');
  logger.error(new Error(`connect to nats://u:${SECRET}@host`), 'Test');
  logger.fatal?.('gone', 'Test');
  logger.log('dependencies', 'InstanceLoader');
  const [out, err] = [written.out, written.err].map((lines) =>
    lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  );
  expect(out).toMatchObject([
    { level: 'info', message: 'ready', context: 'Test', pid: process.pid },
    { level: 'warn', message: 'odd', data: { token: '[redacted]', tenants: [{ name: 'acme' }] } },
    { level: 'info', data: { headers: { authorization: '[redacted]', accept: '*/*' } } },
  ]);
  expect(err).toMatchObject([
    { level: 'error', message: 'failed', stack: 'Error: of [redacted]\n    at here' },
    { level: 'error', message: 'connect to nats://[redacted]@host', err: { type: 'Error' } },
    { level: 'fatal', message: 'gone' },
  ]);
  expect(String(out?.[0]?.['time'])).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect([...written.out, ...written.err].join()).not.toContain(SECRET);
});

describe('a process that ends right after', () => {
  const dist = resolve(import.meta.dirname, '../../dist/common');
  const say = (isTerminal: boolean) => `
    const { createLogger } = await import('${dist}/logger.js');
    const { exit } = await import('${dist}/exit.js');
    const logger = createLogger(${isTerminal});
    for (let line = 0; line < 5000; line++) logger.log('line ' + line + ' ${JWT}', 'Test');
    logger.error('the last', { token: '${SECRET}' }, 'Test');
    exit(0);`;

  it.each([false, true])('has written every line, redacted; on a terminal: %s', (isTerminal) => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', say(isTerminal)], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    expect(stdout.match(/line \d+ \[redacted\]/g)).toHaveLength(5000);
    expect(stderr).toContain('the last');
    expect(stdout + stderr).not.toContain(SECRET);
    if (isTerminal) expect(stdout).toMatch(/^.*\[switchboard\] \d+.*LOG.*\[Test\].*line 0/);
  });
});
