/** A way to PostgreSQL that can be cut (connections are refused), fall silent (nothing comes through, not even an error), or lead elsewhere. */
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export class DatabaseWay {
  private readonly server = createServer((client) => this.join(client));
  private readonly sockets = new Set<Socket>();
  private state: 'open' | 'cut' | 'silent' = 'open';

  private constructor(private target: URL) {}

  static async to(databaseUrl: string): Promise<DatabaseWay> {
    const way = new DatabaseWay(new URL(databaseUrl));
    await new Promise<void>((resolve) => way.server.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get url(): string {
    const url = new URL(this.target.href);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  cut(): void {
    this.state = 'cut';
    for (const socket of this.sockets) socket.destroy();
  }

  fallSilent(): void {
    this.state = 'silent';
    for (const socket of this.sockets) socket.pause();
  }

  /** To another server from now on; what led to the one before is cut. */
  leadTo(databaseUrl: string): void {
    this.cut();
    this.target = new URL(databaseUrl);
    this.state = 'open';
  }

  /** What waited comes through. */
  open(): void {
    this.state = 'open';
    for (const socket of this.sockets) socket.resume();
  }

  stop(): void {
    this.cut();
    this.server.close();
  }

  private join(client: Socket): void {
    if (this.state === 'cut') return void client.destroy();
    const database = connect(Number(this.target.port), this.target.hostname);
    client.pipe(database);
    database.pipe(client);
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const) {
      this.sockets.add(one);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.on('error', () => other.destroy());
      if (this.state === 'silent') one.pause();
    }
  }
}
