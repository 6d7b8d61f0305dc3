/**
 * A double of each identity provider that docs/operations.md names, with the tokens that it documents. What is not
 * needed stands there as they have it, so that it is seen not to matter.
 */
import { jest } from '@jest/globals';
import { Issuer } from '../support/issuer.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, message } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

interface Provider {
  readonly issuer: string;
  readonly algorithm?: 'ES256';
  /** Besides AUTH_JWKS_URL and AUTH_ISSUER. */
  readonly variables: Record<string, string>;
  /** Of a token that may read, as the provider makes it for a tenant. */
  readonly claims: (tenant: string) => Record<string, unknown>;
  /** What makes it somebody else's. */
  readonly foreign: Record<string, unknown>;
}

const GUID = 'aaaabbbb-0000-cccc-1111-dddd2222eeee';
const ENTRA = {
  ver: '2.0',
  aio: 'AXQAi/8T',
  azpacr: '1',
  oid: GUID,
  rh: '0.AAAA',
  sub: 'HKZpfaHyWadeOouYlitjrI',
  tid: GUID,
  aud: GUID,
  azp: GUID,
  uti: 'qLx5CSvsX0Sq',
  nbf: Math.floor(Date.now() / 1000) + 2,
  jti: undefined,
};
const FIREBASE = { identities: { email: ['ana@acme.example'] }, sign_in_provider: 'password' };

const PROVIDERS: Record<string, Provider> = {
  'Entra, for a person': {
    issuer: `https://login.microsoftonline.com/${GUID}/v2.0`,
    variables: { AUTH_AUDIENCE: GUID, AUTH_TENANT_CLAIM: 'extn.tenant' },
    claims: (tenant) => ({ ...ENTRA, scp: 'agents:read events:read', extn: { tenant: [tenant] }, name: 'Ana' }),
    foreign: { aud: '00000003-0000-0000-c000-000000000000' },
  },
  'Entra, for a program': {
    issuer: `https://sts.windows.net/${GUID}/`,
    variables: { AUTH_AUDIENCE: `api://${GUID}`, AUTH_SCOPE_CLAIM: 'scp, roles', AUTH_TENANT_CLAIM: 'appid' },
    claims: (tenant) => ({
      ...ENTRA,
      ver: '1.0',
      aud: `api://${GUID}`,
      azp: undefined,
      appid: tenant,
      idtyp: 'app',
      roles: [`api://${GUID}/agents:read`, 'events:read'],
    }),
    foreign: { aud: 'https://graph.microsoft.com' },
  },
  Auth0: {
    issuer: 'https://acme.eu.auth0.com/',
    variables: {
      AUTH_AUDIENCE: 'https://switchboard.example',
      AUTH_TENANT_CLAIM: 'https://operator.example/app_metadata.tenant',
      AUTH_SCOPE_CLAIM: 'scope permissions',
    },
    claims: (tenant) => ({
      sub: 'auth0|507f1f77bcf86cd799439020',
      azp: 'my_client_id',
      jti: undefined,
      org_id: 'org_9ybsU1dN2dKfDkBi',
      aud: ['https://switchboard.example', 'https://acme.eu.auth0.com/userinfo'],
      scope: 'openid profile events:read',
      permissions: ['agents:read'],
      'https://operator.example/app_metadata': { tenant },
    }),
    foreign: { aud: ['https://acme.eu.auth0.com/userinfo'] },
  },
  Okta: {
    issuer: 'https://acme.okta.com/oauth2/default',
    variables: { AUTH_AUDIENCE: 'api://default' },
    claims: (tenant) => ({
      ver: 1,
      jti: `AT.${fresh('okta')}`,
      aud: 'api://default',
      cid: '0oabucvyc38HLL1ef0h7',
      uid: '00uixa271s6x7qt8I0h7',
      scp: ['openid', 'events:read', 'agents:read'],
      auth_time: 1_795_000_000,
      tenant,
    }),
    foreign: { aud: 'https://acme.okta.com' },
  },
  'Keycloak, by roles and organization': {
    issuer: 'https://id.example/realms/operator',
    algorithm: 'ES256',
    variables: {
      AUTH_AUDIENCE: 'switchboard',
      AUTH_TENANT_CLAIM: 'organization',
      AUTH_SCOPE_CLAIM: 'resource_access.switchboard.roles',
    },
    claims: (tenant) => ({
      typ: 'Bearer',
      azp: 'portal',
      sid: 'a1',
      acr: '1',
      aud: ['switchboard', 'account'],
      organization: [tenant],
      realm_access: { roles: ['admin'] },
      scope: 'openid email profile organization',
      resource_access: { switchboard: { roles: ['events:read', 'agents:read'] }, account: { roles: ['admin'] } },
    }),
    foreign: { aud: ['account'] },
  },
  'Keycloak, by its client': {
    issuer: 'https://id.example/realms/customers',
    algorithm: 'ES256',
    variables: { AUTH_AUDIENCE: 'portal', AUTH_AUDIENCE_CLAIM: 'azp' },
    claims: (tenant) => ({ azp: 'portal', aud: 'account', scope: 'email events:read agents:read', tenant }),
    foreign: { azp: 'admin-cli' },
  },
  Cognito: {
    issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example',
    variables: {
      AUTH_AUDIENCE: '1example23456789,2example',
      AUTH_TENANT_CLAIM: 'cognito:groups',
      AUTH_SCOPE_PREFIX: 'https://calls.operator.example',
    },
    claims: (tenant) => ({
      aud: undefined,
      client_id: '1example23456789',
      token_use: 'access',
      version: 2,
      username: 'ana',
      'cognito:groups': [tenant],
      origin_jti: 'o1',
      event_id: 'e1',
      scope: 'openid https://calls.operator.example/events:read https://calls.operator.example/agents:read',
    }),
    foreign: { client_id: '3example' },
  },
  'Google Identity Platform': {
    issuer: 'https://securetoken.google.com/operator-project',
    variables: { AUTH_AUDIENCE: 'operator-project', AUTH_TENANT_CLAIM: 'firebase.tenant' },
    claims: (tenant) => ({
      aud: 'operator-project',
      auth_time: 1_795_000_000,
      user_id: 'u1',
      sub: 'u1',
      email: 'ana@acme.example',
      jti: undefined,
      firebase: { ...FIREBASE, tenant },
      scope: 'events:read agents:read',
    }),
    foreign: { aud: 'another-project' },
  },
};

const PATH = '/v1/admin/connections';
let passedMs = 0;
const now = performance.now.bind(performance);
let base: Switchboard;
const beside: Switchboard[] = [];
afterEach(() => Promise.all(beside.splice(0).map((board) => board.stop())));
beforeAll(async () => {
  jest.spyOn(performance, 'now').mockImplementation(() => now() + passedMs);
  base = await Switchboard.start();
});
afterAll(async () => {
  await base.stop();
  jest.restoreAllMocks();
});

it.each(Object.entries(PROVIDERS))('%s: its tokens read, rotate and are revoked', async (_, provider) => {
  const issuer = await Issuer.start(provider.issuer, provider.algorithm);
  const { AUTH_JWKS_URL = '' } = issuer.variables;
  const variables = { AUTH_JWKS_URL, AUTH_ISSUER: provider.issuer, ...provider.variables };
  const board = await base.beside(variables);
  beside.push(board);
  const [mara, { id: tenant }] = [fresh('mara'), await base.createTenant()];
  await base.assign(mara, tenant);
  const statusOf = async (token: string, path = '/v1/me') => {
    const { status, body } = await board.request('GET', path, { token });
    return [status, status === 200 ? body['tenant'] : body['type']];
  };
  const claims = provider.claims(tenant);
  const token = issuer.token(claims);
  const me = await board.request('GET', '/v1/me', { token });
  expect(me.body).toMatchObject({ tenant, scopes: ['events:read', 'agents:read'] });
  expect(await statusOf(issuer.token({ ...claims, ...provider.foreign }))).toEqual([401, '/problems/token-invalid']);
  expect(await statusOf(token, '/v1/admin/tenants')).toEqual([403, '/problems/insufficient-scope']);

  issuer.rotate(provider.algorithm ?? 'RS256');
  passedMs += 5001;
  const renewed = issuer.token({ ...claims, iat: Math.floor(Date.now() / 1000) + 1, ...renewal(claims) });
  expect([await statusOf(renewed), await statusOf(token)]).toEqual([
    [200, tenant],
    [200, tenant],
  ]);

  const reader = await board.open('/v1/events', { token });
  const { body } = await board.request<{ token: string }>('POST', '/v1/stream-tokens', { token, body: {} });
  const derived = await board.open(`/v1/events?token=${body.token}`);
  await Promise.all([reader.untilType('log.caught_up'), derived.untilType('log.caught_up')]);
  const tokenId = await idOfStream(board, tenant);
  const path = `/v1/admin/tokens/${encodeURIComponent(tokenId)}`;
  expect((await board.admin('DELETE', path)).status).toBe(204);
  await reader.until(() => reader.ended, 'its end', 1000);
  await derived.until(() => derived.ended, 'the end of what was made of it', 1000);
  expect(await statusOf(token)).toEqual([401, '/problems/token-revoked']);
  expect((await board.admin('DELETE', path)).status).toBe(204);
  const again = await board.open('/v1/events', { token: renewed });
  await again.untilType('log.caught_up');
  await base.ingest(message(mara, fresh('c'), 1));
  await again.untilType('user.message');
  await issuer.goAway();
});

it('what is wrong with a token is said to who sets the provider up', async () => {
  const issuer = await Issuer.start();
  const board = await base.beside({ ...issuer.variables, AUTH_TENANT_CLAIM: 'app_metadata.tenant' });
  beside.push(board);
  const said = async (claims: object) => {
    const { body } = await board.request('GET', '/v1/me', { token: issuer.token({ scope: 'events:read', ...claims }) });
    return body['detail'];
  };
  const { id } = await base.createTenant();
  expect([
    await said({ aud: 'another' }),
    await said({ scope: undefined }),
    await said({ app_metadata: { tenant: [id, 'b'] } }),
    await said({ jti: 7 }),
    await said({ app_metadata: { tenant: [id] } }),
  ]).toEqual([
    'The token is not for us.',
    'The token lacks the claim scope or scp, or it is of the wrong type.',
    'The token lacks the claim app_metadata.tenant, or it is of the wrong type.',
    'The token lacks the claim jti, or it is of the wrong type.',
    undefined,
  ]);
  await issuer.goAway();
});

it('an id of another issuer is no token of the provider’s', async () => {
  expect((await base.admin('DELETE', `/v1/admin/tokens/${encodeURIComponent('https://a.example#1')}`)).status).toBe(
    404,
  );
});

/** Another token has another name, where it has one. */
function renewal({ jti, uti }: Record<string, unknown>): object {
  return { ...(jti === undefined ? {} : { jti: fresh('jti') }), ...(uti === undefined ? {} : { uti: fresh('uti') }) };
}

async function idOfStream(board: Switchboard, tenant: string): Promise<string> {
  let tokenId: string | undefined;
  await waitFor(async () => {
    const { body } = await board.admin<{ connections: { tokenId: string; tenant: string }[] }>('GET', PATH);
    tokenId = body.connections.find((one) => one.tenant === tenant && one.tokenId.includes('#'))?.tokenId;
    return tokenId !== undefined;
  }, 'the stream in the list');
  return tokenId ?? '';
}
