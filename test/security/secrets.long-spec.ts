/**
 * Security rules 8 and 21: what must not be written down is written nowhere, and what is erased is gone from
 * everywhere.
 */
import { Logger, type LoggerService } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { JsonLogger } from '../../src/common/json-logger.js';
import { redactor } from '../../src/common/redaction.js';
import { LogReader } from '../../src/events/log/log-reader.js';
import { createDatabase, query } from '../support/database.js';
import { DatabaseWay } from '../support/database-way.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

const METRICS_TOKEN = 'a-token-for-metrics-only';
const logged: string[] = [];
const keep = (...parts: unknown[]) => void logged.push(parts.map(String).join(' '));
const capture: LoggerService = { log: keep, warn: keep, error: keep, fatal: keep, debug: keep, verbose: keep };

let board: Switchboard;
let way: DatabaseWay;
let database: { url: string; drop(): Promise<void> };
beforeAll(async () => {
  database = await createDatabase();
  way = await DatabaseWay.to(database.url);
  board = await Switchboard.start({ DATABASE_URL: way.url, METRICS_TOKEN });
  Logger.overrideLogger(capture);
});
afterAll(async () => {
  Logger.overrideLogger(false);
  await board.stop();
  way.stop();
  await database.drop();
});

/** Every row of every table, as text. */
async function dump(): Promise<{ table: string; row: string }[]> {
  const tables = await query<{ name: string }>(
    database.url,
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const rows = tables.map(async ({ name }) => {
    const all = await query<{ row: string }>(database.url, `SELECT t::text AS row FROM ${name} t`);
    return all.map(({ row }) => ({ table: name, row }));
  });
  return (await Promise.all(rows)).flat();
}

const phoneNumber = () => `+34${String(600_000_000 + (randomBytes(4).readUInt32BE() % 99_999_999))}`;

describe('what is secret', () => {
  it('stands in no log line, metric, error or table, whatever fails', async () => {
    const [agent, phone, spoken] = [fresh('mara'), phoneNumber(), fresh('spoken')];
    const { token, id } = await board.createTenant({
      agents: [agent],
      scopes: ['events:read', 'tokens:write', 'events:write'],
    });
    const stream = (await board.request<{ token: string }>('POST', '/v1/stream-tokens', { token })).body.token;
    const session = await board.request('POST', '/v1/session', { token });
    const cookie = /switchboard_session=([^;]+)/.exec(session.headers.get('set-cookie') ?? '')?.[1] ?? '';
    const link = await board.admin<{ url: string }>('POST', `/v1/admin/tenants/${id}/sign-in-links`, {});
    const code = link.body.url.split('code=')[1] ?? '';
    const secrets = { token, stream, cookie, code, admin: board.adminToken, METRICS_TOKEN, phone, spoken };
    for (const [name, secret] of Object.entries(secrets)) expect([name, secret.length > 11]).toEqual([name, true]);

    const errors: string[] = [];
    const fails = async (...request: Parameters<Switchboard['request']>) => {
      const { status, text, headers } = await board.request(...request);
      expect([request[1], status >= 400 || text.includes('stream.closing')]).toEqual([request[1], true]);
      errors.push(text, JSON.stringify([...headers]));
    };
    const event = { event: 'user.message', agent, callId: agent, text: spoken, from: phone };
    const failEverywhere = async () => {
      for (const path of ['/v1/log', '/v1/events', '/v1/me', '/nothing', `/v1/calls/${token}`, '/%E0%A4%A', '/metrics'])
        await fails('GET', `${path}?token=${token}`);
      await fails('GET', `/v1/log?token=${stream}`, { headers: { Cookie: `switchboard_session=${cookie}x` } });
      await fails('GET', '/v1/events', { token: `${token}x`, headers: { Accept: 'text/event-stream' } });
      await fails('DELETE', `/v1/tokens/${code}${token}`, { token });
      await fails('DELETE', '/v1/tokens/none', { headers: { Cookie: `switchboard_session=${cookie}` } });
      await fails('POST', '/v1/session/code', { body: { code: `${code}${code}`.repeat(3) } });
      await fails('POST', '/v1/tokens', { token, body: { name: { phone }, scopes: [spoken], ttl: phone } });
      await fails('POST', '/v1/tokens', { token, body: `{"name": ${phone} ${spoken}` });
      await fails('POST', '/v1/ingest', { token, body: { ...event, agent: `${phone} ${spoken}` } });
      await fails('POST', '/v1/ingest', { token, body: { ...event, event: `${phone} ${spoken}`, callId: [phone] } });
      await fails('POST', '/v1/ingest', { token, body: `{"event": ${phone} ${spoken}` });
    };
    await failEverywhere();
    // The database refuses an event: PostgreSQL's own words hold the whole row.
    await query(
      database.url,
      `ALTER TABLE log_events ADD CONSTRAINT log_events_data_check CHECK (data NOT LIKE '%${phone}%')`,
    );
    await board.admin('POST', '/v1/ingest', [event]);
    await waitFor(() => logged.some((line) => line.includes('refused')), 'a line about the refusal');
    await query(database.url, 'ALTER TABLE log_events DROP CONSTRAINT log_events_data_check');
    await board.ingest(event);
    // A fault of the database, at every request.
    for (const table of ['tokens', 'call_tenants']) {
      await query(database.url, `ALTER TABLE ${table} RENAME TO gone`);
      await waitFor(
        async () => (await board.request('GET', `/v1/log?call=${agent}`, { token })).status === 503,
        'a fault',
      );
      await failEverywhere();
      await query(database.url, `ALTER TABLE gone RENAME TO ${table}`);
    }
    // A fault of our own.
    const reader = board.app.get(LogReader);
    const hasCall = reader.hasCall.bind(reader);
    reader.hasCall = () => Promise.reject(new TypeError('a bug'));
    for (const path of ['/v1/log?call=x', '/v1/log?call=y', '/v1/calls/x/events', '/v1/calls/y/events'])
      expect((await board.request('GET', path, { token })).status).toBe(500);
    reader.hasCall = hasCall;
    way.cut();
    await waitFor(
      async () => (await board.request('GET', '/readyz')).body['status'] === 'degraded',
      'a database that is away',
    );
    await failEverywhere();
    way.open();
    await waitFor(async () => (await board.request('GET', '/v1/me', { token })).status === 200, 'the database');

    const { text: metrics } = await board.request('GET', '/metrics', { token: METRICS_TOKEN });
    expect(metrics).toContain('switchboard_');
    const written = { log: logged.join('\n'), errors: errors.join('\n'), metrics };
    expect(logged.filter((line) => line.includes('/v1/')).length).toBeGreaterThan(3);
    for (const [where, text] of Object.entries(written))
      for (const [name, secret] of Object.entries(secrets))
        expect([where, name, text.includes(secret)]).toEqual([where, name, false]);
    // The row that holds what was said is the log's; of credentials not even that.
    const { phone: _phone, spoken: _spoken, METRICS_TOKEN: _metrics, ...credentials } = secrets;
    const signatures = Object.values(credentials).map((text) => text.split('.').at(-1) ?? '');
    const rows = await dump();
    expect(rows.filter(({ table }) => table === 'tokens').length).toBeGreaterThan(3);
    expect(rows.filter(({ row }) => signatures.some((text) => row.includes(text)))).toEqual([]);
  });
});

it('what is secret comes out redacted when somebody writes it to the log all the same', async () => {
  const { token, id } = await board.createTenant({ scopes: ['events:read', 'tokens:write'] });
  const stream = (await board.request<{ token: string; url: string }>('POST', '/v1/stream-tokens', { token })).body;
  const session = await board.request('POST', '/v1/session', { token });
  const cookie = session.headers.get('set-cookie') ?? '';
  const link = (await board.admin<{ url: string }>('POST', `/v1/admin/tenants/${id}/sign-in-links`, {})).body.url;
  const phone = phoneNumber();
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) };
  const logger = new JsonLogger(redactor([METRICS_TOKEN]), { out: sink, err: sink });
  for (const said of [token, stream.url, link, cookie, phone, METRICS_TOKEN, `Bearer ${board.adminToken}`]) {
    logger.warn(`a request failed: ${said}`, 'Test');
    logger.error(new Error(said), 'Test');
    logger.log({ deep: { deeper: { message: `again ${said}!` } } }, 'Test');
  }
  const code = link.split('code=')[1] ?? '';
  const signed = /switchboard_session=([^;]+)/.exec(cookie)?.[1] ?? '';
  const secrets = { token, stream: stream.token, code, signed, phone, METRICS_TOKEN, admin: board.adminToken };
  expect(lines).toHaveLength(21);
  for (const [name, secret] of Object.entries(secrets))
    for (const part of [secret, secret.split('.').at(-1) ?? ''])
      expect([name, part.length > 10, lines.filter((line) => line.includes(part))]).toEqual([name, true, []]);
});

describe('a tenant that is erased', () => {
  it('has left nothing of what was said, nor of its tokens; the audit says that it was, without the content', async () => {
    const [agent, phone, spoken] = [fresh('mara'), phoneNumber(), fresh('spoken')];
    const scopes = ['events:read', 'tokens:write'];
    const { token, tokenId, id } = await board.createTenant({ agents: [agent], scopes });
    await board.request('POST', '/v1/stream-tokens', { token });
    await board.request('POST', '/v1/session', { token });
    await board.admin('POST', `/v1/admin/tenants/${id}/sign-in-links`, {});
    await board.admin('POST', `/v1/admin/tenants/${id}/views`, {});
    await board.ingest(
      { event: 'call.started', agent, callId: `CA-${agent}`, from: phone, to: phone },
      { event: 'user.message', agent, callId: `CA-${agent}`, messageId: 'm1', text: spoken },
      { event: 'call.ended', agent, callId: `CA-${agent}`, reason: spoken },
    );
    const call = `/v1/calls/CA-${agent}`;
    await waitFor(async () => (await board.request('GET', call, { token })).text.includes(spoken), 'the transcript');
    const holding = async (...texts: string[]) =>
      (await dump()).filter(({ row }) => texts.some((text) => row.includes(text)));
    expect(new Set((await holding(phone, spoken)).map(({ table }) => table)).size).toBeGreaterThan(1);

    expect((await board.admin('DELETE', `/v1/admin/tenants/${id}`)).status).toBe(204);

    // Its rights end at once, its rows go after that.
    const audit = async () =>
      (await board.admin<{ audit: object[] }>('GET', `/v1/admin/audit?tenant=${id}`)).body.audit;
    await waitFor(async () => JSON.stringify(await audit()).includes('"tenant.erased"'), 'the rows to be gone');
    expect(await holding(phone, spoken)).toEqual([]);
    // Its name stands where it owned an agent, and in the operator's book; its tokens' ids in the book.
    const left = new Set((await holding(id, tokenId)).map(({ table }) => table));
    expect([...left].sort()).toEqual(['audit', 'ownerships']);
    const erase = { action: 'tenant.erase', target: id, before: { tenant: id }, after: null };
    expect(await audit()).toContainEqual(expect.objectContaining(erase));
    // Who takes its name later inherits nothing.
    const heir = await board.createTenant({ id, scopes });
    for (const path of ['/v1/log', '/v1/calls', '/v1/audit?limit=1', '/v1/agents'])
      expect((await board.request('GET', path, { token: heir.token })).text).not.toMatch(
        new RegExp(`${phone.slice(1)}|${spoken}|${agent}`),
      );
    expect((await board.request('GET', '/v1/me', { token })).status).toBe(401);
  });
});
