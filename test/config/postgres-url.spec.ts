/** DATABASE_URL means what it means to libpq, and says what is wrong with it without telling what is in it. */
import { userInfo } from 'node:os';
import { readEnv } from '../../src/config/env.js';
import { InvalidEnv } from '../../src/config/variables.js';
import { secretsOf } from '../../src/config/secrets.js';
import { readPostgresUrl } from '../../src/config/postgres-url.js';

const me = userInfo().username;
const local = (port = 5432) => ({ name: 'localhost', address: 'localhost', port });
const at = (name: string, port = 5432, address = name) => ({ name, address, port });
const socket = at('/run/postgresql');

it.each<[string, object]>([
  ['postgres://u:p@h:1/d', { hosts: [at('h', 1)], user: 'u', password: 'p', database: 'd' }],
  ['postgresql://h', { hosts: [at('h')], user: me, password: undefined, database: me }],
  ['postgresql://u@/d', { hosts: [local()], user: 'u', database: 'd' }],
  ['postgresql://u@h', { database: 'u' }],
  ['postgresql://u:@h/d', { password: undefined }],
  ['postgresql://u%40x:a%40b%2Fc%3Ad%25@h/d%20e', { user: 'u@x', password: 'a@b/c:d%', database: 'd e' }],
  ['postgresql://u:a:b#c%d@h/d', { user: 'u', password: 'a:b#c%d' }],
  ['postgresql://u:a@b@h/d', { password: 'a@b', hosts: [at('h')] }],
  ['postgresql://h/d?user=u&password=p%26q', { user: 'u', password: 'p&q' }],
  ['postgresql://u@a:1,b,c:3/d', { hosts: [at('a', 1), at('b'), at('c', 3)], needsWrites: true }],
  ['postgresql://u@/d?host=a,b&port=7', { hosts: [at('a', 7), at('b', 7)] }],
  ['postgresql://u@[::1]:7,[fe80::1]/d', { hosts: [at('::1', 7), at('fe80::1')] }],
  ['postgresql://u@db/d?hostaddr=10.0.0.1', { hosts: [at('db', 5432, '10.0.0.1')] }],
  ['postgresql:///d?hostaddr=10.0.0.1', { hosts: [at('10.0.0.1')] }],
  ['postgresql:///d?host=/run/postgresql', { hosts: [socket] }],
  ['postgresql://%2Frun%2Fpostgresql:7/d', { hosts: [at('/run/postgresql', 7)] }],
  ['postgresql://u:p@%2Frun%2Fpostgresql/d', { hosts: [socket], user: 'u' }],
  ['postgresql://u@h/d?schema=sb', { schema: 'sb' }],
  ['postgresql://u@h/d?connect_timeout=10&application_name=x', { connectMs: 10_000, applicationName: 'x' }],
  ['postgresql://u@h/d?connect_timeout=0&keepalives=0', { connectMs: undefined, keepAlive: false }],
  ['postgresql://u@h/d?keepalives_idle=30', { keepAlive: true, keepAliveMs: 30_000 }],
  ['postgresql://u@h/d?passfile=/p', { passwordFile: '/p' }],
  ['postgresql://u@h/d?target_session_attrs=read-write', { needsWrites: true }],
  ['postgresql://u@h/d?target_session_attrs=any', { needsWrites: false }],
  [
    'postgresql://u@h/d?options=-c%20jit%3Doff%20--lock-timeout=5s%20-cx.y=a%5C%20b',
    {
      settings: [
        ['jit', 'off'],
        ['lock_timeout', '5s'],
        ['x.y', 'a b'],
      ],
      options: undefined,
    },
  ],
  ['postgresql://u@h/d?options=endpoint%3Dep-1%20-c%20a=b', { settings: [['a', 'b']], options: 'endpoint=ep-1' }],
  ['postgresql://u@h/d?channel_binding=require&sslmode=require', { channelBinding: 'require' }],
  [
    'postgresql://h?connection_limit=5&pool_timeout=9&pgbouncer=true&sslmode=require&client_encoding=utf8',
    { unused: ['connection_limit', 'pool_timeout', 'pgbouncer'] },
  ],
])(/* prettier-ignore */ '%s', (url, meaning) => {
  expect(readPostgresUrl(url)).toMatchObject(meaning);
});

it.each([
  ['', 'prefer'],
  ['sslmode=disable', 'disable'],
  ['sslmode=allow', 'allow'],
  ['sslmode=verify-ca', 'verify-ca'],
  ['sslrootcert=system', 'verify-full'],
  ['ssl=true', 'require'],
  ['ssl=0', 'disable'],
  ['sslmode=no-verify', 'require'],
  ['sslmode=require&sslnegotiation=direct', 'require'],
])('?%s means sslmode %s', (query, mode) => {
  expect(readPostgresUrl(`postgresql://h/d?${query}`).tls.mode).toBe(mode);
});

const SECRET = 'geheim7f3a';

it.each([
  [`postgresql://u:${SECRET}@${SECRET}/${SECRET}@h/d`, /write @ as %40, \/ as %2F/],
  [`postgresql://u:${SECRET}/${SECRET}@h/d`, /@ as %40/],
  [`postgresql://u:12/${SECRET}@h/d`, /@ as %40/],
  [`postgresql://u:12?${SECRET}=1@h/d`, /@ as %40/],
  [`postgresql://u:${SECRET}@12?x=${SECRET}@h/d`, /@ as %40/],
  [`postgresql://u:${SECRET}`, /port.*@ as %40/],
  [`postgresql://u:%E4${SECRET}@h/d`, /UTF-8/],
  [`postgresql://u:${SECRET}@[::1/d`, /cannot be read/],
  [`postgresql://u:${SECRET}@h:0/d`, /port must be a number from 1 to 65535/],
  [`postgresql://u:${SECRET}@h/d?${SECRET}`, /name=value/],
  [`postgresql://u:${SECRET}@a,b/d?port=1,2,3`, /as many hosts/],
  [`mysql://u:${SECRET}@h/d`, /must look like postgresql:\/\//],
  [
    `postgresql://u:${SECRET}@h/d?sslmode=on`,
    /sslmode is not one of disable, allow, prefer, require, verify-ca, verify-full/,
  ],
  [`postgresql://u:${SECRET}@h/d?connect_timeout=soon`, /connect_timeout must be seconds/],
  [`postgresql://u:${SECRET}@h/d?target_session_attrs=standby`, /takes no writes; say read-write/],
  [`postgresql://u:${SECRET}@h/d?sslnegotiation=direct`, /goes with sslmode require/],
  [`postgresql://u:${SECRET}@h/d?sslmode=require&sslrootcert=system`, /goes with sslmode=verify-full/],
  [`postgresql://u:${SECRET}@h/d?channel_binding=require&sslmode=disable`, /needs TLS/],
])('%s is refused in one line', (url, line) => {
  const read = () => readEnv({ DATABASE_URL: url });
  expect(read).toThrow(InvalidEnv);
  expect(read).toThrow(line);
  expect(read).toThrow(/^DATABASE_URL: (?!.*geheim7f3a)[^\n]+$/);
});

it('names what it does not follow, unless that could be something secret', () => {
  expect(readPostgresUrl('postgresql://h/d?foo=1&a%20b=2').unused).toEqual(['foo', 'one of another name']);
});

describe('libpq’s variables of the shell', () => {
  const SHELL = {
    PGHOST: 'shell',
    PGPORT: '7',
    PGUSER: 'someone',
    PGPASSWORD: 'from-the-shell',
    PGDATABASE: 'other',
    PGSSLMODE: 'verify-full',
    PGOPTIONS: '-c jit=off',
    PGAPPNAME: 'app',
    PGCONNECT_TIMEOUT: '9',
  };

  it('say what DATABASE_URL does not say', () => {
    const { databaseUrl = '' } = readEnv({ ...SHELL, DATABASE_URL: 'postgresql://u:p@h/d?sslmode=disable' });
    expect(readPostgresUrl(databaseUrl)).toMatchObject({
      hosts: [at('h', 7)],
      user: 'u',
      password: 'p',
      database: 'd',
      tls: { mode: 'disable' },
      settings: [['jit', 'off']],
      applicationName: 'app',
      connectMs: 9000,
    });
    const all = readEnv({ ...SHELL, DATABASE_URL: 'postgresql:///' }).databaseUrl ?? '';
    expect(readPostgresUrl(all)).toMatchObject({ hosts: [at('shell', 7)], user: 'someone', database: 'other' });
    expect(readEnv({ ...SHELL, DATABASE_URL: databaseUrl }).databaseUrl).toBe(databaseUrl);
  });

  it('concern nothing but DATABASE_URL', () => {
    expect(readEnv({ ...SHELL, PGSSLMODE: 'nonsense' }).databaseUrl).toBeUndefined();
  });

  it('are kept from the log as what stands in the URL is', () => {
    const secrets = (url: string) => secretsOf(readEnv({ ...SHELL, DATABASE_URL: url }));
    expect(secrets('postgresql://u@h/d')).toContain('from-the-shell');
    expect(secrets('postgresql://u:a%40b%2Fc@h/d?sslpassword=k')).toEqual(['a@b/c', 'k', 'a%40b%2Fc', 'k']);
  });
});
