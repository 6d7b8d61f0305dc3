/** A certificate, signed by an authority that nobody knows, made by the machine's openssl. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificate {
  readonly authority: string;
  readonly cert: string;
  readonly key: string;
}

/** For a name, as openssl writes it. `days` until it expires: below 0 it has. */
export function makeCertificate(folder: string, name = 'IP:127.0.0.1', days = 2): Certificate {
  const file = (name: string) => join(folder, name);
  const openssl = (...parameters: string[]) => execFileSync('openssl', parameters, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const [authority, authorityKey] = [file('authority.pem'), file('authority.key')];
  const [cert, key] = [file('server.pem'), file('server.key')];
  openssl('req', '-x509', ...newKey, '-subj', '/CN=authority', '-keyout', authorityKey, '-out', authority);
  openssl('req', ...newKey.slice(0, -2), '-subj', '/CN=server', '-keyout', key, '-out', file('request.pem'));
  writeFileSync(file('names'), `subjectAltName=${name}`);
  const signer = ['-CA', authority, '-CAkey', authorityKey, '-CAcreateserial', '-extfile', file('names')];
  openssl('x509', '-req', '-in', file('request.pem'), '-out', cert, '-days', String(days), ...signer);
  return { authority, cert, key };
}
