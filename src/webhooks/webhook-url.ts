/**
 * What a tenant may name as an endpoint. The address behind its name is checked at each connection (common/guarded-agent.ts).
 */
import { isIP } from 'node:net';
import { Problem } from '../common/problem.js';
import type { AddressGuard } from '../common/guarded-agent.js';

export const MAX_URL = 2048;

/** The URL in the form in which it is used. Throws `validation` for a URL to which nothing can ever be sent. */
export function webhookUrl(text: string, guard: AddressGuard): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw fault('must be an https address');
  if (url.username !== '' || url.password !== '') throw fault('must have no user and no password in it');
  if (url.protocol === 'http:' && !guard.allowsPlain) throw fault('must be an https address');
  url.hash = '';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0) {
    if (/^(.*\.)?localhost\.?$/i.test(host) && guard.whyNot('127.0.0.1', true) !== undefined)
      throw fault('may not be reached: its address is not a public one');
    return url.href;
  }
  const why = guard.whyNot(host, url.protocol === 'https:');
  if (why !== undefined) throw fault(`may not be reached: ${why}`);
  return url.href;
}

/** The URL without the parts that may be secret, for the audit and for events, which more people read. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  return url.search === '' ? url.href : `${url.origin}${url.pathname}?…`;
}

function fault(message: string): Problem {
  return new Problem('validation', 'The request is not valid.', { errors: [{ path: 'url', message }] });
}
