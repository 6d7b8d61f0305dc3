/** Asking for a new sign-in link: kept for the operator, mailed where somebody vouches, and silent about who is known. */
import { query } from '../support/database.js';
import { SmtpServer } from '../support/smtp-server.js';
import { Switchboard, expectStatus } from '../support/switchboard.js';
import { waitFor } from '../support/wait-for.js';

interface Asked {
  readonly id: string;
  readonly tenant: string;
  readonly person: string | null;
  readonly mailedAt: string | null;
}

let smtp: SmtpServer;
let board: Switchboard;
/** The same without a mail server. */
let mute: Switchboard;
beforeAll(async () => {
  smtp = await SmtpServer.start();
  board = await Switchboard.start({ SMTP_URL: smtp.url, SMTP_FROM: 'Calls <calls@board.example>', TRUST_PROXY: '1' });
  mute = await board.beside({ TRUST_PROXY: '1' });
});
afterAll(async () => {
  await mute.stop();
  await board.stop();
  await smtp.stop();
});

let addresses = 0;
/** Each from an address of its own. */
const ask = (body: object, headers: Record<string, string> = {}, at = mute) =>
  at.request('POST', '/v1/session/link-requests', {
    body,
    headers: { 'X-Forwarded-For': `198.51.100.${++addresses}`, 'Sec-Fetch-Site': 'same-origin', ...headers },
  });
const waitingOf = async (tenant: string) =>
  (await expectStatus(200, board.admin<{ requests: Asked[] }>('GET', `/v1/admin/tenants/${tenant}/link-requests`))).body
    .requests;
const attention = async (tenant: string) =>
  (await board.admin<{ linkRequests: Asked[] }>('GET', '/v1/admin/attention')).body.linkRequests.filter(
    (one) => one.tenant === tenant,
  );
const codeOf = (url: string) => url.slice(url.indexOf('#code=') + 6);

async function linkFor(tenant: string, body: object, token = board.adminToken): Promise<string> {
  const path = `/v1/admin/tenants/${tenant}/sign-in-links`;
  return codeOf((await expectStatus(201, board.request<{ url: string }>('POST', path, { token, body }))).body.url);
}

async function signIn(code: string): Promise<string> {
  const answer = await expectStatus(201, board.request('POST', '/v1/session/code', { body: { code } }));
  return (answer.headers.get('set-cookie') ?? '').split('; ')[0] ?? '';
}

const asked = (tenant: string, count = 1) =>
  waitFor(async () => {
    const requests = await waitingOf(tenant);
    return requests.length === count && requests;
  }, `${count} requests`);

describe('a request for a new link', () => {
  it('is kept by the used link, by the cookie of an ended session, and by a kept e-mail; a link answers it', async () => {
    const { id } = await board.createTenant();
    const used = await linkFor(id, { for: 'Ana', email: 'ana@acme.example' });
    const Cookie = await signIn(used);
    await query(board.databaseUrl, `DELETE FROM tokens WHERE kind = 'session' AND tenant_id = '${id}'`);
    for (const [body, headers] of [
      [{ code: used }, {}],
      [{}, { Cookie }],
      [{ email: 'ANA@acme.example' }, {}],
    ] as const) {
      expect((await ask(body, headers)).status).toBe(202);
      const [request] = await asked(id);
      expect(request).toMatchObject({ tenant: id, person: 'Ana', mailedAt: null });
      expect(await attention(id)).toMatchObject([{ person: 'Ana' }]);
      await linkFor(id, { for: 'Ana' });
      expect(await waitingOf(id)).toEqual([]);
    }
    const nameless = await linkFor(id, {});
    await ask({ code: nameless });
    await ask({ code: nameless });
    const [request] = await asked(id);
    expect(request?.person).toBeNull();
    await expectStatus(204, board.admin('DELETE', `/v1/admin/tenants/${id}/link-requests/${request?.id}`));
    expect(await attention(id)).toEqual([]);
  });

  it('is answered alike whoever asks, and nothing is kept of those whom nobody knows', async () => {
    const { id } = await board.createTenant();
    await linkFor(id, { for: 'Ana', email: 'ana@known.example' });
    const [{ headers: one, text }, ...others] = await Promise.all([
      ask({ email: 'ana@known.example' }),
      ask({ email: 'nobody@known.example' }),
      ask({ code: 'x'.repeat(43) }),
      ask({}, { Cookie: 'switchboard_session=e30.e30.e30' }),
      ask({}),
    ]);
    const namesOf = (headers: Headers) => [...headers.keys()].sort();
    for (const other of others)
      expect([other.status, other.text, namesOf(other.headers)]).toEqual([202, text, namesOf(one)]);
    await asked(id);
    const rows = await query(board.databaseUrl, `SELECT 1 FROM link_requests WHERE tenant_id = '${id}'`);
    expect(rows.length).toBe(1);
  });

  it('takes no e-mail for a pattern', async () => {
    const { id } = await board.createTenant();
    await linkFor(id, { for: 'Ana', email: 'ana@wild.example' });
    await linkFor(id, { for: 'Zoe', email: 'zoe_b@wild.example' });
    for (const email of ['%', '%@wild.example', 'an_@wild.example']) expect((await ask({ email })).status).toBe(202);
    await ask({ email: 'zoe_b@wild.example' });
    expect(await asked(id)).toMatchObject([{ person: 'Zoe' }]);
  });

  it('costs nobody else theirs, however often one address asks', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.77' };
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask({}, headers)));
    expect(answers.filter(({ status }) => status === 202).length).toBe(1);
    expect((await ask({})).status).toBe(202);
  });

  it('is for pages of our own, and comes from one address once in ten seconds', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9' };
    expect((await ask({}, { ...headers, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await ask({}, headers)).status).toBe(202);
    const limited = await ask({}, headers);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    for (const body of [{ email: '' }, { email: 'a\nb' }, { to: 'x' }]) expect((await ask(body)).status).toBe(400);
  });

  it('is mailed a link that works, to the e-mail that is kept and once in ten minutes', async () => {
    const { id } = await board.createTenant();
    const code = await linkFor(id, { for: 'Ana', email: 'ana@mail.example', scopes: ['events:read'] });
    await ask({ code, email: 'evil@evil.example' }, {}, board);
    const mail = await waitFor(() => smtp.mails.find(({ to }) => to.includes('ana@mail.example')), 'the mail');
    expect(mail.to).toEqual(['ana@mail.example']);
    expect(mail.text).toContain('From: Calls <calls@board.example>');
    await signIn(/#code=([\w-]{43})/.exec(mail.text)?.[1] ?? '');
    const [request] = await asked(id);
    expect(request?.mailedAt).not.toBeNull();
    expect(await attention(id)).toEqual([]);
    await ask({ code }, {}, board);
    await waitFor(async () => (await ask({ email: 'x' }, {}, board)).status === 202);
    expect(smtp.mails.filter(({ to }) => to.includes('ana@mail.example')).length).toBe(1);
    expect(smtp.mails.filter(({ to }) => to.includes('evil@evil.example'))).toEqual([]);
  });

  it('waits for an operator once the word of the one who vouched no longer holds', async () => {
    const { id } = await board.createTenant();
    const named = { name: 'of a person', scopes: ['admin'], ttl: '1d' };
    const { body: admin } = await board.admin<{ id: string; token: string }>('POST', '/v1/admin/tokens', named);
    await linkFor(id, { for: 'Ana', email: 'ana@revoked.example' }, admin.token);
    await linkFor(id, { for: 'Ben', email: 'ben@revoked.example' });
    await board.admin('DELETE', `/v1/admin/tokens/${admin.id}`);
    const { body } = await board.admin<{ people: { id: string; name: string }[] }>(
      'GET',
      `/v1/admin/tenants/${id}/people`,
    );
    const ben = body.people.find(({ name }) => name === 'Ben')?.id;
    await expectStatus(204, board.admin('DELETE', `/v1/admin/tenants/${id}/people/${ben}/sessions`));
    await ask({ email: 'ana@revoked.example' }, {}, board);
    await ask({ email: 'ben@revoked.example' }, {}, board);
    for (const request of await asked(id, 2)) expect(request.mailedAt).toBeNull();
    expect(smtp.mails.filter(({ to }) => to.some((one) => one.endsWith('@revoked.example')))).toEqual([]);
  });

  it('is mailed by an operator’s click, too, and says if the mail server does not take it', async () => {
    const { id } = await board.createTenant();
    const path = `/v1/admin/tenants/${id}/sign-in-links`;
    const body = { for: 'Ana', email: 'ana@click.example', mail: true };
    expect((await expectStatus(201, board.admin('POST', path, body))).body).toMatchObject({ mailed: true });
    expect(smtp.mails.at(-1)?.to).toEqual(['ana@click.example']);
    smtp.refuses = true;
    expect((await expectStatus(201, board.admin('POST', path, body))).body).toMatchObject({ mailed: false });
    smtp.refuses = false;
    expect((await board.admin('POST', path, { mail: true })).status).toBe(400);
    expect((await mute.admin('POST', path, body)).status).toBe(400);
  });
});
