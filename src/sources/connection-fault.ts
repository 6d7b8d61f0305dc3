import { isObject } from '../common/exact-number.js';

/**
 * One readable line about a broken connection. `fetch` hides the reason in `cause`, and for localhost only the code is
 * set.
 */
export function connectionFault(error: unknown): Error {
  const fault = isObject(error) && isObject(error['cause']) ? error['cause'] : error;
  const said = isObject(fault) ? [fault['message'], fault['code']] : [];
  const reason = said.find((each): each is string => typeof each === 'string' && each !== '');
  const words = isObject(fault) ? FAULTS.get(fault['code'] ?? '') : undefined;
  // OpenSSL's own words are its source file and line.
  if (reason?.includes('wrong version number')) return new Error(`the connection failed: ${NO_TLS}`, { cause: error });
  return new Error(`the connection failed: ${[words, reason ?? 'no reason is known'].filter(Boolean).join(': ')}`, {
    cause: error,
  });
}

const NO_TLS = 'that server does not speak TLS there';
/** What Node's error codes mean for the operator: https://nodejs.org/api/errors.html#common-system-errors */
const FAULTS = new Map<unknown, string>([
  ['ENOTFOUND', 'there is no host of that name'],
  ['EAI_AGAIN', 'the name cannot be looked up now'],
  ['ECONNREFUSED', 'nothing listens there'],
  ['ECONNRESET', 'that server closed the connection'],
  ['ETIMEDOUT', 'nothing answers there'],
  ['UND_ERR_CONNECT_TIMEOUT', 'nothing answers there'],
]);
