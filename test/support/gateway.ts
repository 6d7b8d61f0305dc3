/**
 * A way to the server that can be cut (while it is down nothing listens, and what was open is gone), or fall silent.
 */
import { TcpRelay } from './tcp-relay.js';

export class Gateway {
  private readonly relay: TcpRelay;
  private port = 0;

  private constructor(target: number) {
    this.relay = new TcpRelay(() => ({ host: '127.0.0.1', port: target }));
  }

  static async to(url: string): Promise<Gateway> {
    const gateway = new Gateway(Number(new URL(url).port));
    await gateway.up();
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    this.port = await this.relay.listen();
  }

  /** What is open stays open. */
  fallSilent(): void {
    this.relay.hold();
  }

  /** New connections get through; the old ones never do again. */
  recover(): void {
    this.relay.release({ waiting: false });
  }

  async down(): Promise<void> {
    await this.relay.close();
  }
}
