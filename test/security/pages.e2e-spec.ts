/**
 * Security rules 9 and 20: no page of ours runs a script that it says itself, and pages of others get nothing unasked.
 */
import { Switchboard } from '../support/switchboard.js';

const ALLOWED = 'https://dashboard.operator.example';
let board: Switchboard;
let open: Switchboard;
beforeAll(async () => {
  board = await Switchboard.start();
  open = await board.beside({ CORS_ORIGINS: ALLOWED });
});
afterAll(async () => {
  await open.stop();
  await board.stop();
});

describe('a page of ours', () => {
  it.each(['/', '/docs', '/live', '/v1/me', '/nothing'])('%s forbids scripts within a page', async (path) => {
    const { headers, text } = await board.request('GET', path);
    const policy = headers.get('content-security-policy') ?? '';
    const directives = new Map(
      policy
        .split(';')
        .map((part) => part.trim().split(/ +/))
        .map(([name, ...values]) => [name, values]),
    );
    const scripts = directives.get('script-src') ?? directives.get('default-src');
    expect(scripts).toEqual(["'self'"]);
    expect(directives.get('object-src') ?? directives.get('default-src')).toEqual(["'none'"]);
    expect(directives.get('frame-ancestors')?.every((value) => ["'self'", "'none'"].includes(value))).toBe(true);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    // And needs none: every script is a file of its own.
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+\s*=\s*["']|javascript:/i);
    for (const [, file] of text.matchAll(/<script[^>]*\bsrc="([^"]+)"/g))
      expect([file, (await board.request('GET', new URL(file ?? '', `http://x${path}`).pathname)).status]).toEqual([
        file,
        200,
      ]);
  });
});

describe('a page of another origin', () => {
  const ask = (server: Switchboard, origin: string, method = 'GET') =>
    server.request(method, '/v1/me', {
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'authorization',
      },
    });
  const allowed = (answer: { headers: Headers }) =>
    [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));

  it('may read nothing unless the operator lists its origin, and then without cookies', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      expect(allowed(await ask(board, ALLOWED, method))).toEqual([]);
      const listed = await ask(open, ALLOWED, method);
      expect(listed.headers.get('access-control-allow-origin')).toBe(ALLOWED);
      expect(listed.headers.get('access-control-allow-credentials')).toBeNull();
      for (const origin of [
        'https://evil.example',
        'null',
        `${ALLOWED}.evil.example`,
        ALLOWED.replace('https', 'http'),
      ]) {
        const answer = await ask(open, origin, method);
        expect([origin, answer.headers.get('access-control-allow-origin')]).toEqual([origin, null]);
      }
    }
  });
});
