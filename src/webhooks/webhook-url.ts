/** What a tenant may name as an endpoint. Where its name leads is looked at when it is connected to (guarded-agent.ts). */
import { isIP } from 'node:net';
import { Problem } from '../common/problem.js';
import type { AddressGuard } from './guarded-agent.js';

export const MAX_URL = 2048;

/** As it is to be used. Throws `validation` for one that can never be sent anything. */
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

/** Without what may be a secret in it: for books and events that more people read. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  return url.search === '' ? url.href : `${url.origin}${url.pathname}?…`;
}

function fault(message: string): Problem {
  return new Problem('validation', 'The request is not valid.', { errors: [{ path: 'url', message }] });
}
