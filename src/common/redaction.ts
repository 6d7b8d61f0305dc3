/**
 * Secrets out of what is written to the log: the last of several nets, behind the rule that none gets that far (security
 * rule 8). By shape, by the name that stands before it, and by value where we know it. What is not a secret stays readable.
 */

const GONE = '[redacted]';
/** A shorter one may be a word that stands in lines by right, such as "switchboard". */
const MIN_KNOWN_LENGTH = 12;

/** Names of fields, headers, parameters whose values are secret wherever they stand. */
export const SECRET_NAMES = [
  ...['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'password', 'secret', 'client_secret'],
  ...['token', 'access_token', 'refresh_token', 'id_token', 'accessToken', 'refreshToken', 'idToken'],
  ...['apiKey', 'api_key', 'api-key', 'x-api-key', 'switchboard_session'],
] as const;
const NAMES = SECRET_NAMES.join('|');

const RULES: readonly (readonly [RegExp, string])[] = [
  // A JWT, whole or without its signature.
  [/\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g, GONE],
  [/\b(Bearer )[\w.~+/=-]{8,}/gi, `$1${GONE}`],
  [/\b(Basic )(?=[a-z]*[A-Z0-9])[\w+/]{8,}={0,2}/g, `$1${GONE}`],
  // What stands before the host of a URL, a password with an "@" in it included.
  [/(:\/\/)[^\s/?#"'\\]*@/g, `$1${GONE}@`],
  // Query, fragment, cookie or connection string. A code of ours is long; `code=ECONNRESET` tells what happened.
  [new RegExp(`\\b(${NAMES})=[^\\s&#;,"'\\\\]+`, 'gi'), `$1=${GONE}`],
  [/([?&#](?:key|auth|sig|signature)=)[^\s&#"'\\]+/gi, `$1${GONE}`],
  [/\b(code["']?[=:]\s*["']?)[\w-]{32,}/gi, `$1${GONE}`],
  // JSON and what `inspect` prints.
  [new RegExp(`("(?:${NAMES})":\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi'), `$1"${GONE}"`],
  [new RegExp(`\\b((?:${NAMES})'?: )'(?:[^'\\\\]|\\\\.)*'`, 'gi'), `$1'${GONE}'`],
  // A header as it stands on the wire.
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie): (?!\[redacted\])(?=[^\r\n"\\]*[\w.~+/=-]{8})[^\r\n"\\]+/gi,
    `$1: ${GONE}`,
  ],
  // A phone number (E.164).
  [/(?<![\w.])\+[1-9]\d{6,14}\b/g, GONE],
];

export type Redact = (text: string) => string;

/** `known`: secrets of the configuration, found by their value. */
export function redactor(known: readonly (string | undefined)[] = []): Redact {
  const values = known.filter((value) => value !== undefined && value.length >= MIN_KNOWN_LENGTH) as string[];
  return (text) => {
    const shaped = RULES.reduce((soFar, [pattern, replacement]) => soFar.replace(pattern, replacement), text);
    return values.reduce((soFar, value) => soFar.replaceAll(value, GONE), shaped);
  };
}

/** Where {@link SECRET_NAMES} may stand in an object that is logged: at the top, and two levels below. */
export const SECRET_PATHS: string[] = SECRET_NAMES.flatMap((name) => ['', '*', '*.*'].map((at) => `${at}["${name}"]`));
