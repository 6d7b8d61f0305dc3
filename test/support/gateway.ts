/** A way to the server that can be cut (while it is down nothing listens, and what was open is gone), or fall silent: then nothing gets through. */
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export class Gateway {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;
  private isSilent = false;

  private constructor(private readonly target: number) {}

  static async to(url: string): Promise<Gateway> {
    const gateway = new Gateway(Number(new URL(url).port));
    await gateway.up();
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async up(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.target, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(one);
        one.on('close', () => (this.sockets.delete(one), other.destroy()));
        one.on('error', () => other.destroy());
        one.pipe(other);
        if (this.isSilent) one.pause();
      }
    });
    this.server = server;
    await new Promise<void>((done) => server.listen(this.port, '127.0.0.1', done));
    this.port = (server.address() as AddressInfo).port;
  }

  /** What is open stays open. */
  fallSilent(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** New connections get through; the old ones never do again. */
  recover(): void {
    this.isSilent = false;
  }

  async down(): Promise<void> {
    const closed = new Promise((done) => (this.server ? this.server.close(done) : done(undefined)));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
