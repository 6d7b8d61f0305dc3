import { randomUUID } from 'node:crypto';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { createDatabase } from '../support/database.js';
import { Switchboard } from '../support/switchboard.js';

/** A way to PostgreSQL that can break at the worst moment: after the commit, before its answer has come through. */
class BreakingWay {
  private readonly server = createServer((client) => this.join(client));
  private readonly sockets = new Set<Socket>();
  private armed = false;

  private constructor(private readonly target: URL) {}

  static async to(databaseUrl: string): Promise<BreakingWay> {
    const way = new BreakingWay(new URL(databaseUrl));
    await new Promise<void>((resolve) => way.server.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get url(): string {
    const url = new URL(this.target.href);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href;
  }

  /** The next append is carried out, and nobody hears of it. */
  breakAfterNextAppend(): void {
    this.armed = true;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private join(client: Socket): void {
    const database = connect(Number(this.target.port), this.target.hostname);
    let breaks = false;
    client.on('data', (chunk: Buffer) => {
      if (this.armed && chunk.includes('append')) {
        this.armed = false;
        breaks = true;
      }
      database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => (breaks ? client.destroy() : client.write(chunk)));
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const) {
      this.sockets.add(one);
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  }
}

it('an event whose commit was not heard of reaches open streams when it is sent again, without waiting for another', async () => {
  const database = await createDatabase();
  const way = await BreakingWay.to(database.url);
  const board = await Switchboard.start({ DATABASE_URL: way.url });
  const agent = `mara-${randomUUID().slice(0, 8)}`;
  const { token } = await board.createTenant({ agents: [agent] });
  const reader = await board.open('/v1/events', { token });
  await reader.untilType('log.caught_up');
  const event = { event: 'user.message', agent, callId: `call-${agent}`, messageId: 'm1', text: 'hello' };
  way.breakAfterNextAppend();
  expect((await board.admin('POST', '/v1/ingest', [event])).status).toBe(503);
  expect((await board.admin('POST', '/v1/ingest', [event])).body).toMatchObject({ accepted: 0, duplicates: 1 });
  await reader.until(() => reader.of('user.message').length > 0, 'the event', 5000);
  expect(reader.of('user.message').map(({ id }) => id)).toEqual(['1']);
  await board.stop();
  way.stop();
  await database.drop();
});
