/** What is printed, handed out and asked for is an address that works, whatever the host, the port and the path are. */
import { localUrl, socketAddress } from '../../src/common/address.js';
import { readEnv } from '../../src/config/env.js';
import { PublicUrl } from '../../src/config/public-url.js';

it.each([
  ['127.0.0.1', 3000, 'http://127.0.0.1:3000'],
  ['::', 3324, 'http://[::1]:3324'],
  ['::0', 3324, 'http://[::1]:3324'],
  ['0:0:0:0:0:0:0:0', 3324, 'http://[::1]:3324'],
  ['0.0.0.0', 3000, 'http://127.0.0.1:3000'],
  ['0', 3000, 'http://127.0.0.1:3000'],
  ['::1', 3000, 'http://[::1]:3000'],
  ['2001:DB8::1', 3000, 'http://[2001:db8::1]:3000'],
  ['localhost', 80, 'http://localhost'],
  ['fe80::1%eth0', 3000, undefined],
])('who listens on %s, port %i, is reached at %s', (host, port, url) => {
  expect(localUrl(host, port)).toBe(url);
});

it('an address of IPv6 stands in brackets, and may be given in them', () => {
  expect([socketAddress('::1', 3000), socketAddress('127.0.0.1', 80)]).toEqual(['[::1]:3000', '127.0.0.1:80']);
  const env = readEnv({ HOST: '[::]', PORT: '3324' });
  expect([env.host, env.publicUrl.text]).toEqual(['::', 'http://[::1]:3324']);
});

it.each([
  ['https://calls.example.com', 'https://calls.example.com', ''],
  ['HTTPS://Calls.Example.com:443///', 'https://calls.example.com', ''],
  ['http://[::1]:3000/', 'http://[::1]:3000', ''],
  ['https://example.com/switchboard/', 'https://example.com/switchboard', '/switchboard'],
  ['https://example.com/a/../b/c~1/', 'https://example.com/b/c~1', '/b/c~1'],
])('PUBLIC_URL %s: addresses begin with %s', (given, text, basePath) => {
  const url = PublicUrl.parse(given);
  expect([url.text, url.basePath]).toEqual([text, basePath]);
  expect(url.at('/v1/events?token=a.b')).toBe(`${text}/v1/events?token=a.b`);
  expect(url.at('/#code=x')).toBe(`${text}/#code=x`);
});

it.each([
  ['example.com', /http or https/],
  ['ftp://example.com', /http or https/],
  ['https://somebody:secret@example.com', /without a user/],
  ['https://example.com/?a=b', /without a user, "\?"/],
  ['https://example.com/#x', /"#"/],
  ['https://example.com/caf%C3%A9', /letters, digits/],
  ['https://example.com/a//b', /letters, digits/],
  ['https://example.com/v1', /\/v1: that is one of/],
  ['https://example.com/calls/here', /\/calls: that is one of/],
])('PUBLIC_URL %s is refused in words', (given, words) => {
  expect(() => readEnv({ PUBLIC_URL: given })).toThrow(words);
  expect(() => readEnv({ PUBLIC_URL: given })).not.toThrow(/secret/);
});

it('a request is known by our own path, with the prefix or without it', () => {
  const url = PublicUrl.parse('https://example.com/here/now');
  const own = (target: string) => url.ownTarget(target);
  expect(['/here/now/v1/me?x=1', '/here/now', '/here/now?q', '/here/now/'].map(own)).toEqual([
    '/v1/me?x=1',
    '/',
    '/?q',
    '/',
  ]);
  const others = ['/v1/me', '/', '/here', '/here/nowhere', '*'];
  expect(others.map(own)).toEqual(others);
});
