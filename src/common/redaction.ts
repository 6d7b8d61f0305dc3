/**
 * Removes secrets from log lines: the last of several nets, behind the rule that no secret gets that far (security rule
 * 8). It finds them by shape, by the name in front, and by value if we know it. Everything else stays readable.
 */

const GONE = '[redacted]';
/** A shorter one may be an ordinary word, such as "switchboard". */
const MIN_KNOWN_LENGTH = 12;

/** Names of fields, headers and parameters whose values are always secret. */
export const SECRET_NAMES = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'password',
  'secret',
  'client_secret',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'accessToken',
  'refreshToken',
  'idToken',
  'apiKey',
  'api_key',
  'api-key',
  'x-api-key',
  'switchboard_session',
] as const;
const NAMES = SECRET_NAMES.join('|');

const RULES: readonly (readonly [RegExp, string])[] = [
  // A JWT, whole or without its signature.
  [/\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g, GONE],
  [/\b(Bearer )[\w.~+/=-]{8,}/gi, `$1${GONE}`],
  [/\b(Basic )(?=[a-z]*[A-Z0-9])[\w+/]{8,}={0,2}/g, `$1${GONE}`],
  // The part before the host of a URL, including a password with an "@" in it.
  [/(:\/\/)[^\s/?#"'\\]*@/g, `$1${GONE}@`],
  // Query, fragment, cookie or connection string. Our codes are long; `code=ECONNRESET` is no secret.
  [new RegExp(`\\b(${NAMES})=[^\\s&#;,"'\\\\]+`, 'gi'), `$1=${GONE}`],
  [/([?&#](?:key|auth|sig|signature)=)[^\s&#"'\\]+/gi, `$1${GONE}`],
  [/\b(code["']?[=:]\s*["']?)[\w-]{32,}/gi, `$1${GONE}`],
  // JSON, and the output of `inspect`.
  [new RegExp(`("(?:${NAMES})":\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi'), `$1"${GONE}"`],
  [new RegExp(`\\b((?:${NAMES})'?: )'(?:[^'\\\\]|\\\\.)*'`, 'gi'), `$1'${GONE}'`],
  // A header in its wire format.
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie): (?!\[redacted\])(?=[^\r\n"\\]*[\w.~+/=-]{8})[^\r\n"\\]+/gi,
    `$1: ${GONE}`,
  ],
  // A phone number (E.164).
  [/(?<![\w.])\+[1-9]\d{6,14}\b/g, GONE],
];

export type Redact = (text: string) => string;

/** `known`: secrets of the configuration, recognised by their value. */
export function redactor(known: readonly (string | undefined)[] = []): Redact {
  const values = known.filter((value) => value !== undefined && value.length >= MIN_KNOWN_LENGTH) as string[];
  return (text) => {
    const shaped = RULES.reduce((soFar, [pattern, replacement]) => soFar.replace(pattern, replacement), text);
    return values.reduce((soFar, value) => soFar.replaceAll(value, GONE), shaped);
  };
}

/** Where {@link SECRET_NAMES} may stand in a logged object: at the top, and two levels below. */
export const SECRET_PATHS: string[] = SECRET_NAMES.flatMap((name) => ['', '*', '*.*'].map((at) => `${at}["${name}"]`));
