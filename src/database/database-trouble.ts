/**
 * What is wrong with the database, in words for an operator: the reason in /readyz, the label of a metric. Never a
 * server's own text.
 */
import { codeOf } from './database-errors.js';

/** The first match counts. First what is wrong with the way (Node, OpenSSL), then PostgreSQL's codes. */
const TROUBLES = [
  ['standby', /^STANDBY$/, 'it is a standby'],
  ['read-only', /^25006$/, 'it takes nothing in'],
  ['login refused', /^(28|P1000$|P1010$)/, 'name, password or address is not let in'],
  ['something missing', /^(3D|3F|42P01|42703|42704|42883|P1003$|P2021$|P2022$)/, 'the database, a table or a function is not there'],
  ['right missing', /^42501$/, 'our login may not do what it must'],
  ['disk full', /^(53100|58030)$/, 'it cannot write to its disk'],
  ['too busy', /^(53|55006$|57014$|P2024$|P2028$|P2037$)/, 'connections, memory or time ran out'],
  ['stopping or starting', /^57P/, 'it goes down or comes up'],
  ['name not resolved', /^(ENOTFOUND|EAI_[A-Z]+)$/, 'nobody knows the address of its host'],
  ['certificate refused', /CERT|CRL|SIGNATURE|_TLS_|SSL|^(HOSTNAME_MISMATCH|INVALID_CA|P1011|TlsConnectionError)$/, 'TLS with it failed'],
  ['unreachable', /^(08|E[A-Z]+$|P1001$|P1002$|P1008$|P1017$|DatabaseNotReachable$|ConnectionClosed$|SocketTimeout$|none$)/, 'nobody answers, or not in time'],
  ['internal error', /^(XX|58|F0)/, 'the server found a fault in itself or its files'],
] as const; // prettier-ignore

export type Trouble = (typeof TROUBLES)[number][0] | 'other';

/** All of them, so that a metric has all its series from the start. */
export const ALL_TROUBLES: readonly Trouble[] = [...TROUBLES.map(([trouble]) => trouble), 'other'];

/** For an error that {@link blameOf} blames on the database. */
export function troubleOf(error: unknown): Trouble {
  return find(error)?.[0] ?? 'other';
}

/** One line: the trouble, what it means, and the code to look up. */
export function describeTrouble(error: unknown): string {
  const code = codeOf(error);
  const [trouble, meaning] = find(error) ? [find(error)?.[0], find(error)?.[2]] : ['other', 'the database says no'];
  return `${trouble}: ${meaning}${code === undefined ? '' : ` (${code})`}`;
}

function find(error: unknown): (typeof TROUBLES)[number] | undefined {
  const code = codeOf(error) ?? 'none';
  return TROUBLES.find(([, pattern]) => pattern.test(code));
}
