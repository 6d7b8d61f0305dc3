/** People of a tenant, each with a name: signed in by links made for them, shown by name, signed out one by one. */
import { Switchboard, expectStatus } from '../support/switchboard.js';

interface SignedIn {
  readonly person?: string;
  readonly token: string;
  readonly Cookie: string;
}

interface PersonView {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
  readonly sessions: number;
  readonly lastSeenAt: string | null;
}

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

const linksOf = (tenant: string) => `/v1/admin/tenants/${tenant}/sign-in-links`;
const peopleOf = (tenant: string) => `/v1/admin/tenants/${tenant}/people`;

async function linkFor(tenant: string, body: object): Promise<string> {
  const { body: link } = await expectStatus(201, board.admin<{ url: string }>('POST', linksOf(tenant), body));
  return link.url.slice(link.url.indexOf('#code=') + 6);
}

const use = (code: string) => board.request<SignedIn>('POST', '/v1/session/code', { body: { code } });

async function signIn(tenant: string, body: object): Promise<SignedIn> {
  const answer = await expectStatus(201, use(await linkFor(tenant, body)));
  const [Cookie = ''] = (answer.headers.get('set-cookie') ?? '').split('; ');
  return { ...answer.body, Cookie };
}

const list = async (tenant: string) =>
  (await expectStatus(200, board.admin<{ people: PersonView[] }>('GET', peopleOf(tenant)))).body.people;
const me = ({ Cookie }: SignedIn) => board.request('GET', '/v1/me', { headers: { Cookie } });

describe('a person', () => {
  it('is named wherever their sign-in shows', async () => {
    const { id } = await board.createTenant();
    const ana = await signIn(id, { for: 'Ana Pérez', email: 'ana@acme.example' });
    expect(ana.person).toBe('Ana Pérez');
    expect((await me(ana)).body).toMatchObject({ tenant: id, person: 'Ana Pérez' });
    const { token } = ana;
    const made = { name: 'program', scopes: ['events:read'], ttl: '1d' };
    await expectStatus(201, board.request('POST', '/v1/tokens', { token, body: made }));
    const { body: tokens } = await board.request<{ tokens: object[] }>('GET', '/v1/tokens', { token });
    expect(tokens.tokens).toMatchObject([{ name: 'program' }, { name: 'Ana Pérez', signIn: true }, { name: 'test' }]);
    for (const [path, by] of [
      ['/v1/audit?limit=3', { token }],
      [`/v1/admin/audit?tenant=${id}&limit=3`, { token: board.adminToken }],
    ] as const) {
      const { body } = await board.request<{ audit: object[] }>('GET', path, by);
      expect(body.audit).toMatchObject([
        { action: 'token.create', byName: 'Ana Pérez' },
        { action: 'sign-in.use', byName: 'Ana Pérez' },
        { action: 'sign-in.link', after: { for: 'Ana Pérez' } },
      ]);
    }
    const stream = await board.open('/events', { headers: { Cookie: ana.Cookie } });
    await stream.untilType('log.caught_up');
    const { body: open } = await board.admin<{ connections: { tenant: string; person: string }[] }>(
      'GET',
      '/v1/admin/connections',
    );
    expect(open.connections.filter(({ tenant }) => tenant === id)).toMatchObject([{ person: 'Ana Pérez' }]);
    const nobody = await signIn(id, {});
    expect((await me(nobody)).body).not.toHaveProperty('person');
  });

  it('is one of several, and is signed out without the others', async () => {
    const { id } = await board.createTenant();
    const [ana, again, ben] = [
      await signIn(id, { for: 'Ana' }),
      await signIn(id, { for: 'Ana', email: 'ana@acme.example' }),
      await signIn(id, { for: 'Ben' }),
    ];
    const people = await list(id);
    expect(people).toMatchObject([
      { name: 'Ben', email: null, sessions: 1 },
      { name: 'Ana', email: 'ana@acme.example', sessions: 2 },
    ]);
    const waiting = await linkFor(id, { for: 'Ana' });
    const stream = await board.open('/events', { headers: { Cookie: ana.Cookie } });
    await stream.untilType('log.caught_up');
    await expectStatus(204, board.admin('DELETE', `${peopleOf(id)}/${people[1]?.id}/sessions`));
    await stream.until(({ ended }) => ended, 'its end', 1000);
    for (const gone of [ana, again]) {
      expect((await me(gone)).body).toMatchObject({ type: '/problems/token-revoked' });
      expect((await board.request('GET', '/v1/me', { token: gone.token })).status).toBe(401);
    }
    expect((await me(ben)).status).toBe(200);
    expect((await use(waiting)).status).toBe(401);
    expect(await list(id)).toMatchObject([
      { name: 'Ben', sessions: 1 },
      { name: 'Ana', sessions: 0, lastSeenAt: null },
    ]);
    expect((await signIn(id, { for: 'Ana' })).person).toBe('Ana');
  });

  it('is renamed and removed; the audit keeps the name', async () => {
    const { id } = await board.createTenant();
    const ana = await signIn(id, { for: 'Ana', email: 'ana@acme.example' });
    await signIn(id, { for: 'Ben' });
    const path = `${peopleOf(id)}/${(await list(id))[1]?.id}`;
    expect((await board.admin('PATCH', path, { name: 'Ben' })).status).toBe(400);
    const changed = await expectStatus(200, board.admin('PATCH', path, { name: 'Ana P.', email: null }));
    expect(changed.body).toMatchObject({ name: 'Ana P.', email: null, sessions: 1 });
    expect((await me(ana)).status).toBe(200);
    await expectStatus(204, board.admin('DELETE', path));
    expect((await me(ana)).status).toBe(401);
    expect((await list(id)).map(({ name }) => name)).toEqual(['Ben']);
    expect((await board.admin('DELETE', path)).body).toMatchObject({ type: '/problems/person-not-found' });
    const { body } = await board.admin<{ audit: object[] }>('GET', `/v1/admin/audit?tenant=${id}&limit=1`);
    expect(body.audit).toMatchObject([{ action: 'person.remove', targetName: 'Ana P.' }]);
    // Another one of that name is somebody else.
    await signIn(id, { for: 'Ana P.' });
    expect((await list(id))[0]?.id).not.toBe(path.split('/').at(-1));
  });

  it('belongs to one tenant, has an address only with a name, and is for operators to manage', async () => {
    const [acme, globex] = [await board.createTenant(), await board.createTenant()];
    const ana = await signIn(acme.id, { for: 'Ana' });
    await signIn(globex.id, { for: 'Ana' });
    const [theirs] = await list(globex.id);
    expect((await board.admin('DELETE', `${peopleOf(acme.id)}/${theirs?.id}`)).status).toBe(404);
    expect((await board.request('GET', peopleOf(acme.id), { token: ana.token })).status).toBe(403);
    for (const body of [{ email: 'ana@acme.example' }, { for: 'Ana', email: 'ana' }, { for: '' }, { for: 'a\nb' }])
      expect([body, (await board.admin('POST', linksOf(acme.id), body)).status]).toEqual([body, 400]);
    expect((await board.admin('GET', peopleOf('nobody-here'))).status).toBe(404);
  });
});
