/**
 * TLS as libpq defines `sslmode`: https://www.postgresql.org/docs/current/libpq-ssl.html
 * Files are read for each connection, so that a renewed certificate counts. If no authority is named, Node's are used,
 * NODE_EXTRA_CA_CERTS among them. `verify-ca` then checks the name as well, because anybody may have a certificate of
 * theirs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { PostgresHost, Tls } from '../config/postgres-url.js';

/** Throws, in one line, if a file cannot be read. */
export function tlsOptions(wishes: Tls, { name }: PostgresHost): ConnectionOptions {
  const rootCert = wishes.rootCert ?? ownFile('root.crt');
  const authority = rootCert === undefined || rootCert === 'system' ? undefined : read('sslrootcert', rootCert);
  const checksName = wishes.mode === 'verify-full' || (wishes.mode === 'verify-ca' && authority === undefined);
  return {
    rejectUnauthorized: authority !== undefined || wishes.mode.startsWith('verify'),
    ...(authority === undefined ? {} : { ca: authority }),
    ...(checksName ? {} : { checkServerIdentity: () => undefined }),
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    ...ownCertificate(wishes),
    ...(wishes.revoked === undefined ? {} : { crl: read('sslcrl', wishes.revoked) }),
    ...({ minVersion: wishes.minVersion, maxVersion: wishes.maxVersion } as ConnectionOptions),
  };
}

function ownCertificate({ cert, key, keyPassword }: Tls): ConnectionOptions {
  const [certFile, keyFile] = [cert ?? ownFile('postgresql.crt'), key ?? ownFile('postgresql.key')];
  if (certFile === undefined || keyFile === undefined) return {};
  const pair = { cert: read('sslcert', certFile), key: read('sslkey', keyFile) };
  return keyPassword === undefined ? pair : { ...pair, passphrase: keyPassword };
}

/** Where libpq looks by default. */
function ownFile(name: string): string | undefined {
  const folder = process.platform === 'win32' ? 'AppData/Roaming/postgresql' : '.postgresql';
  const path = join(homedir(), folder, name);
  return existsSync(path) ? path : undefined;
}

function read(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(`${parameter} of DATABASE_URL cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
}
