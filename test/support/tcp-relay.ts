/** Passes on what two sides of TCP connections send each other, until it is told to hold or to cut them. */
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export class TcpRelay {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;
  private isHolding = false;

  /** `target`: where a connection leads that is made now; undefined: it is refused. */
  constructor(private readonly target: () => { readonly host: string; readonly port: number } | undefined) {}

  /** Listens, from the second time on at the same port. */
  async listen(): Promise<number> {
    const server = createServer((near) => this.join(near));
    this.server = server;
    await new Promise<void>((done) => server.listen(this.port, '127.0.0.1', done));
    return (this.port = (server.address() as AddressInfo).port);
  }

  /** From now on nothing gets through, and nobody is told; connections that are made meanwhile are held, too. */
  hold(): void {
    this.isHolding = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** New connections get through. `waiting`: what was held does so, too. */
  release({ waiting }: { readonly waiting: boolean }): void {
    this.isHolding = false;
    if (waiting) for (const socket of this.sockets) socket.resume();
  }

  /** Ends what is open. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Nothing listens any more, and what was open is gone. */
  async close(): Promise<void> {
    const closed = new Promise((done) => (this.server ? this.server.close(done) : done(undefined)));
    this.cut();
    await closed;
  }

  private join(near: Socket): void {
    const target = this.target();
    if (target === undefined) return void near.destroy();
    const far = connect(target.port, target.host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(one);
      one.on('close', () => (this.sockets.delete(one), other.destroy()));
      one.on('error', () => other.destroy());
      one.pipe(other);
      if (this.isHolding) one.pause();
    }
  }
}
