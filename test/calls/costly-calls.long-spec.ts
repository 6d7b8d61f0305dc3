/** What one tenant's lists and searches of calls cost is bounded, and costs nobody else (issue 13, rows 5 and 8). */
import { query } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

interface CallsAnswer {
  readonly calls: readonly { readonly callId: string; readonly snippet?: { readonly text: string } | null }[];
  readonly next: string | null;
}

let home: Switchboard;
beforeAll(async () => {
  home = await Switchboard.start({ LIMIT_REQUESTS_PER_SECOND: '10000' });
});
afterAll(() => home.stop());

const listed = async (tenant: TestTenant, parameters = '') => {
  const path = `/v1/calls?limit=1000${parameters}`;
  const { status, body, text } = await home.request<CallsAnswer>('GET', path, { token: tenant.token });
  if (status !== 200) throw new Error(`${status} ${text}`);
  return { ...body, bytes: text.length };
};

async function tenantWithCall(text: string) {
  const [agent, call] = [fresh('agent'), fresh('call')];
  const tenant = await home.createTenant({ agents: [agent] });
  await home.ingest({ event: 'call.started', agent, callId: call, from: text }, message(agent, call, 1));
  await waitFor(async () => (await listed(tenant)).calls.length === 1, 'the call');
  return { tenant, call };
}

it('a list keeps little of each call, and a search that finds long lines comes in pages of bytes, each call once', async () => {
  const { tenant, call } = await tenantWithCall('x'.repeat(50_000));
  await query(
    home.databaseUrl,
    `INSERT INTO calls (tenant_id, call_id, agent, state, started_at, last_at, words, head)
     SELECT tenant_id, call_id || n, agent, state, started_at, last_at, '', replace(head, call_id, call_id || n)
     FROM calls, generate_series(1, 149) n WHERE call_id = $1`,
    [call],
  );
  await query(
    home.databaseUrl,
    `INSERT INTO call_parts (tenant_id, call_id, key, kind, seq, text, words, state)
     SELECT tenant_id, call_id || n, key, kind, seq, text || repeat(' word', 10000), words, state
     FROM call_parts, generate_series(1, 149) n WHERE call_id = $1`,
    [call],
  );
  for (const [parameters, least] of [
    ['', 1],
    ['&q=text', 2],
  ] as const) {
    const ids = new Set<string>();
    let pages = 0;
    for (let next: string | null = ''; next !== null; pages += 1) {
      const page: Awaited<ReturnType<typeof listed>> = await listed(tenant, parameters + (next && `&cursor=${next}`));
      expect(page.bytes).toBeLessThan(4.5 * 1024 * 1024);
      for (const { callId, snippet } of page.calls) {
        if (parameters !== '') expect(snippet?.text).toContain('text');
        ids.add(callId);
      }
      next = page.next;
    }
    expect(ids.size).toBe(150);
    expect(pages).toBeGreaterThanOrEqual(least);
  }
});

it('a tenant whose searches take long waits for itself; others list their calls meanwhile', async () => {
  const costly = await tenantWithCall('one');
  const other = await tenantWithCall('two');
  const answers: Promise<number>[] = [];
  await whileHeld([home.databaseUrl, 'call_parts'], async (waiting) => {
    for (let index = 0; index < 60; index += 1)
      answers.push(
        home.request('GET', '/v1/calls?q=text', { token: costly.tenant.token }).then(({ status }) => status),
      );
    await waiting('%call_parts%');
    expect((await listed(other.tenant)).calls).toHaveLength(1);
    expect((await home.request('GET', '/readyz')).status).toBe(200);
  });
  const statuses = await Promise.all(answers);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(20);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
});

it('a search that takes longer than it may is told so', async () => {
  const { tenant } = await tenantWithCall('three');
  await whileHeld([home.databaseUrl, 'call_parts'], async (waiting) => {
    const answer = home.request('GET', '/v1/calls?q=text', { token: tenant.token });
    // As the time limit of a statement does, a little earlier.
    await query(home.databaseUrl, 'SELECT pg_cancel_backend($1)', [await waiting('%call_parts%')]);
    const { status, body, headers } = await answer;
    expect([status, body['type'], Number(headers.get('retry-after'))]).toEqual([503, '/problems/unavailable', 3]);
    expect(body['detail']).toContain('longer than a request may');
  });
});
