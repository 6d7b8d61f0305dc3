/**
 * A way to PostgreSQL that can be cut (connections are refused), fall silent (nothing comes through, not even an
 * error), or lead elsewhere.
 */
import { TcpRelay } from './tcp-relay.js';

export class DatabaseWay {
  private readonly relay = new TcpRelay(() =>
    this.isCut ? undefined : { host: this.target.hostname, port: Number(this.target.port) },
  );
  private isCut = false;
  private port = 0;

  private constructor(private target: URL) {}

  static async to(databaseUrl: string): Promise<DatabaseWay> {
    const way = new DatabaseWay(new URL(databaseUrl));
    way.port = await way.relay.listen();
    return way;
  }

  get url(): string {
    const url = new URL(this.target.href);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  cut(): void {
    this.isCut = true;
    this.relay.cut();
  }

  fallSilent(): void {
    this.isCut = false;
    this.relay.hold();
  }

  /** To another server from now on; what led to the one before is cut. */
  leadTo(databaseUrl: string): void {
    this.cut();
    this.target = new URL(databaseUrl);
    this.open();
  }

  /** What waited comes through. */
  open(): void {
    this.isCut = false;
    this.relay.release({ waiting: true });
  }

  stop(): void {
    this.cut();
    void this.relay.close();
  }
}
