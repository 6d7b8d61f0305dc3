import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker, itWithBrokers } from '../support/brokers.js';
import { makeCertificate } from '../support/certificate.js';
import { createDatabase } from '../support/database.js';
import { Installation } from '../support/server-process.js';
import { waitFor } from '../support/wait-for.js';

interface Ready {
  readonly bus: { readonly state: string };
  readonly sources: Record<string, { readonly state: string; readonly error: string | null }>;
}
const readyOf = async ({ url }: Installation) => (await (await fetch(`${url}/readyz`)).json()) as Ready;

itWithBrokers(
  'brokers are reached over TLS by an authority that is named, and refused in a readable line without it',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-tls-'));
    const certificate = makeCertificate(folder);
    const [nats, redis] = [await Broker.start('nats', certificate), await Broker.start('redis', certificate)];
    const database = await createDatabase();
    const common = { DATABASE_URL: database.url };
    const knowing = { ...common, NODE_EXTRA_CA_CERTS: certificate.authority };
    const homes = [
      await Installation.create({ ...knowing, BUS_URL: nats.url, SOURCES: `${redis.url}/agents?group=a` }),
      await Installation.create({ ...knowing, BUS_URL: redis.url, SOURCES: `${nats.url}/agents` }),
      await Installation.create({ ...common, BUS_URL: redis.url, SOURCES: `${nats.url}/unknown` }),
    ];
    try {
      const servers = await Promise.all(homes.map((home) => home.start()));
      for (const home of homes.slice(0, 2))
        await waitFor(async () => {
          const { bus, sources } = await readyOf(home);
          return bus.state === 'up' && Object.values(sources)[0]?.state === 'live';
        }, 'both brokers');
      const [, , unknowing] = homes as [Installation, Installation, Installation];
      const reason = 'unable to verify the first certificate';
      const { error } = await waitFor(async () => {
        const [source] = Object.values((await readyOf(unknowing)).sources);
        return source?.state === 'waiting' && source;
      }, 'a source that waits');
      expect(error).toBe(`the connection failed: ${reason}`);
      const refused = `the bus is away, the log is polled: ${reason}`;
      await waitFor(
        () => (servers[2]?.output.split(refused).length ?? 0) > 4,
        'the bus to be refused, again and again',
      );
      expect((await readyOf(unknowing)).bus.state).toBe('away');
    } finally {
      for (const home of homes) await home.remove();
      for (const broker of [nats, redis]) await broker.stop();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
