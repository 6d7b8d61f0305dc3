/** A PostgreSQL of a test's own, embedded, with TLS, a Unix socket, and whatever else it is told. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { type Cluster, openCluster } from '../../src/database/postgres-cluster.js';
import { type Certificate, makeCertificate } from './certificate.js';

export class OwnPostgres {
  private constructor(
    readonly folder: string,
    readonly certificate: Certificate,
    private readonly cluster: Cluster,
    private readonly postgres: EmbeddedPostgres,
  ) {}

  /** `rules`: lines of pg_hba.conf that come before its own. */
  static async start(rules: readonly string[] = [], options: readonly string[] = []): Promise<OwnPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'sb-pg-')); // A socket's path is short.
    chmodSync(folder, 0o755); // As root, PostgreSQL runs as another user, who must get in.
    const sockets = join(folder, 's');
    mkdirSync(sockets);
    chmodSync(sockets, 0o777);
    const certificate = makeCertificate(folder, 'DNS:localhost');
    const cluster = await openCluster(join(folder, 'data'));
    const file = (name: string) => join(cluster.folder, name);
    const hba = readFileSync(file('pg_hba.conf'), 'utf8');
    writeFileSync(file('pg_hba.conf'), [...rules, hba].join('\n'));
    const [cert, key] = [file('server.pem'), file('server.key')];
    copyFileSync(certificate.cert, cert);
    copyFileSync(certificate.key, key);
    chmodSync(key, 0o600);
    execFileSync('chown', ['--reference', file('PG_VERSION'), cert, key]);
    const postgres = await EmbeddedPostgres.start(join(folder, 'data'), [
      `-c unix_socket_directories=${sockets}`,
      '-c fsync=off',
      '-c ssl=on',
      `-c ssl_cert_file=${cert}`,
      `-c ssl_key_file=${key}`,
      `-c ssl_ca_file=${certificate.authority}`,
      ...options,
    ]);
    return new OwnPostgres(folder, certificate, cluster, postgres);
  }

  /** The folder of its socket. */
  get sockets(): string {
    return join(this.folder, 's');
  }

  get port(): string {
    return new URL(this.postgres.url).port;
  }

  get password(): string {
    return this.cluster.password;
  }

  /** Of its superuser. `query`: instead of that of the embedded server itself. */
  url(query = 'sslmode=disable', authority = `localhost:${this.port}`): string {
    return `postgresql://switchboard:${this.password}@${authority}/switchboard?${query}`;
  }

  async stop(): Promise<void> {
    await this.cluster.pgCtl('stop', '-m', 'immediate', '-w');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
