/**
 * A database with everything on the way to it that can fail: a name to resolve, a certificate, a login of its own, a
 * server that takes orders from nobody else. What is broken stays broken until it is mended.
 */
import dns from 'node:dns';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket, createSecureContext } from 'node:tls';
import { type Certificate, makeCertificate } from './certificate.js';
import { createDatabase, query } from './database.js';

/** Resolved by {@link TroubledDatabase} while it is there. */
const HOST = 'database.test';

export class TroubledDatabase {
  isResolved = true;
  isExpired = false;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => this.join(client));
  private readonly lookup = dns.lookup;
  readonly role: string;

  private constructor(
    private readonly database: { readonly url: string; drop(): Promise<void> },
    private readonly folder: string,
    private readonly certificates: { readonly valid: Certificate; readonly expired: Certificate },
  ) {
    this.role = `${this.name}_role`;
  }

  static async create(): Promise<TroubledDatabase> {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-troubled-'));
    const inFolder = (days: number) => makeCertificate(mkdtempSync(join(folder, 'tls-')), `DNS:${HOST}`, days);
    const certificates = { valid: inFolder(2), expired: inFolder(-1) };
    const troubled = new TroubledDatabase(await createDatabase(), folder, certificates);
    const authorities = Object.values(certificates).map(({ authority }) => readFileSync(authority, 'utf8'));
    writeFileSync(troubled.authorities, authorities.join('\n'));
    await troubled.run(`CREATE ROLE ${troubled.role} LOGIN PASSWORD 'right';
      GRANT ALL ON ALL TABLES IN SCHEMA public TO ${troubled.role};
      GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${troubled.role}`);
    await new Promise<void>((resolve) => troubled.server.listen(0, '127.0.0.1', resolve));
    troubled.resolveNames();
    return troubled;
  }

  /** As the application is told. */
  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    const tls = `sslmode=verify-full&sslrootcert=${encodeURIComponent(this.authorities)}`;
    return `postgresql://${this.role}:right@${HOST}:${port}/${this.name}?${tls}`;
  }

  get name(): string {
    return new URL(this.database.url).pathname.slice(1);
  }

  /** As the server's owner, past everything that is broken. */
  run(statement: string): Promise<Record<string, unknown>[]> {
    return query(this.database.url, statement);
  }

  /** As the server's owner, from another database. */
  runBeside(statement: string): Promise<Record<string, unknown>[]> {
    const url = new URL(this.database.url);
    url.pathname = '/postgres';
    return query(url.href, statement);
  }

  /** Every event is answered with this SQLSTATE, or taken again (undefined). */
  async raiseOnInsert(code: string | undefined): Promise<void> {
    await this.run('DROP TRIGGER IF EXISTS trouble ON log_events');
    if (code === undefined) return;
    await this.run(`CREATE OR REPLACE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '${code}'; END $$`);
    await this.run('CREATE TRIGGER trouble BEFORE INSERT ON log_events FOR EACH ROW EXECUTE FUNCTION trouble()');
  }

  /** Ends every connection of the application. */
  disconnect(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async drop(): Promise<void> {
    Object.assign(dns, { lookup: this.lookup });
    this.disconnect();
    this.server.close();
    await this.run(`DROP OWNED BY ${this.role}`);
    await this.database.drop();
    await this.runBeside(`DROP ROLE ${this.role}`);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get authorities(): string {
    return join(this.folder, 'authorities.pem');
  }

  /** What does not resolve fails as the machine's own resolver says it. */
  private resolveNames(): void {
    const lookup = (hostname: string, ...rest: unknown[]) => {
      const name = hostname !== HOST ? hostname : this.isResolved ? '127.0.0.1' : 'database.invalid';
      Reflect.apply(this.lookup, dns, [name, ...rest]);
    };
    Object.assign(dns, { lookup });
  }

  /** PostgreSQL's way to TLS: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL */
  private join(client: Socket): void {
    const { cert, key } = this.isExpired ? this.certificates.expired : this.certificates.valid;
    this.keep(client);
    client.once('data', () => {
      client.write('S');
      const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
      const secure = new TLSSocket(client, { isServer: true, secureContext });
      const { hostname, port } = new URL(this.database.url);
      const database = connect(Number(port), hostname);
      this.keep(database);
      secure.pipe(database);
      database.pipe(secure);
      secure.on('error', () => database.destroy()).on('close', () => database.destroy());
      database.on('close', () => client.destroy());
    });
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.sockets.delete(socket));
  }
}
