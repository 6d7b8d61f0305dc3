/** Durable readers of tenants' logs: src/readers. */
import { EventEmitter, once } from 'node:events';
import { started } from '../support/calls.js';
import { query } from '../support/database.js';
import { Switchboard, type TestTenant } from '../support/switchboard.js';
import { TestReader, TestReaderModule, makeTable, numbersOf, upTo } from '../support/test-reader.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
let kind: TestReader;
beforeAll(async () => {
  board = await Switchboard.start({}, [TestReaderModule]);
  kind = board.app.get(TestReader);
  await makeTable(board);
});
afterAll(() => board.stop());
afterEach(() => {
  kind.onTake = () => undefined;
  kind.valueOf = String;
  kind.isReady = () => true;
});

interface Place {
  readonly tenant: TestTenant;
  readonly agent: string;
  readonly reader: string;
}

async function place(): Promise<Place> {
  const agent = fresh('mara');
  return { tenant: await board.createTenant({ agents: [agent] }), agent, reader: fresh('reader') };
}

const ingest = (agent: string, count: number, to = board) =>
  to.ingest(...Array.from({ length: count }, () => started(agent, fresh('CA'))));
const hasRead = (reader: string, count: number) =>
  waitFor(async () => (await numbersOf(board, reader)).length >= count, `${count} events to be read`);
const rowOf = async (reader: string) => {
  const text = 'SELECT cursor::int, skipped, last_skipped AS last FROM log_readers WHERE name = $1';
  const [row] = await query<{ cursor: number; skipped: number; last: object | null }>(board.databaseUrl, text, [
    reader,
  ]);
  return row;
};

it('is given every event once and in order, those from before it and those that come', async () => {
  const { tenant, agent, reader } = await place();
  await ingest(agent, 600);
  await kind.add(tenant.id, reader);
  await hasRead(reader, 600);
  for (let round = 0; round < 10; round++) await ingest(agent, 7);
  await hasRead(reader, 670);
  expect(await numbersOf(board, reader)).toEqual(upTo(670));
  expect((await rowOf(reader))?.cursor).toBe(670);
});

it('is woken by the tail', async () => {
  const { tenant, agent, reader } = await place();
  await kind.add(tenant.id, reader);
  await ingest(agent, 1);
  await hasRead(reader, 1);
  const latencies: number[] = [];
  for (let round = 0; round < 20; round++) {
    let takenAt = 0;
    kind.onTake = () => void (takenAt ||= performance.now());
    await ingest(agent, 1);
    const committedAt = performance.now();
    await waitFor(() => takenAt > 0, 'the event');
    latencies.push(takenAt - committedAt);
  }
  expect(latencies.sort((one, other) => one - other)[10]).toBeLessThan(200); // A look would come within two seconds.
});

it('goes on where it stood, on another process, and two never read for one at a time', async () => {
  const { tenant, agent, reader } = await place();
  await kind.add(tenant.id, reader);
  const beside = await Switchboard.start({ DATABASE_URL: board.databaseUrl }, [TestReaderModule], board.adminToken);
  try {
    const second = beside.app.get(TestReader);
    let [under, most] = [0, 0];
    const slow = async ({ name }: { name: string }) => {
      if (name !== reader) return;
      most = Math.max(most, ++under);
      await new Promise((resolve) => setTimeout(resolve, 2)); // Its work takes time, in which another's would be seen.
      under -= 1;
    };
    [kind.onTake, second.onTake] = [slow, slow];
    for (let round = 0; round < 6; round++) {
      await ingest(agent, 20);
      await query(
        board.databaseUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'switchboard-lease' AND datname = current_database()`,
      );
      await ingest(agent, 20);
      await hasRead(reader, 40 * (round + 1));
    }
    expect(most).toBe(1);
    expect(await numbersOf(board, reader)).toEqual(upTo(240));
    await waitFor(() => [kind, second].every(({ readers }) => readers.shardsHere.length >= 6), 'shards to be shared');
  } finally {
    await beside.stop();
  }
  await ingest(agent, 5);
  await hasRead(reader, 245);
});

it('passes over an event that it cannot digest, and shows it; those around it are taken', async () => {
  const { tenant, agent, reader } = await place();
  kind.onTake = ({ name, events }) => {
    if (name === reader && events.some(({ seq }) => seq === 13)) throw new TypeError('+34611111111 has no such member');
  };
  await kind.add(tenant.id, reader);
  await ingest(agent, 30);
  await hasRead(reader, 29);
  expect(await numbersOf(board, reader)).toEqual(upTo(30).filter((seq) => seq !== 13));
  const row = await rowOf(reader);
  expect(row).toMatchObject({ cursor: 30, skipped: 1, last: { event: '13', reason: 'TypeError' } });
});

it('passes over an event whose effect cannot be written, and others do not notice', async () => {
  const { tenant, agent, reader } = await place();
  const beside = fresh('reader');
  kind.valueOf = (seq) => (seq === 7 ? 'no number' : String(seq));
  await kind.add(tenant.id, reader);
  const other = await place();
  await kind.add(other.tenant.id, beside);
  await Promise.all([ingest(agent, 10), ingest(other.agent, 5)]);
  await Promise.all([hasRead(reader, 9), hasRead(beside, 5)]);
  expect(await numbersOf(board, reader)).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10]);
  expect(await numbersOf(board, beside)).toEqual(upTo(5));
  expect(await rowOf(reader)).toMatchObject({ cursor: 10, skipped: 1, last: { event: '7', reason: '22P02' } });
});

it('finds the event that ended its process five times, and passes over it', async () => {
  const { tenant, agent, reader } = await place();
  await ingest(agent, 4);
  await kind.add(tenant.id, reader);
  await hasRead(reader, 4);
  await kind.change(tenant.id, reader, { runs: false });
  await ingest(agent, 4);
  // As it stands after the fifth death: number 6 was under way each time.
  await query(
    board.databaseUrl,
    `UPDATE log_readers SET cursor = 5, trying = 6, tries = 5, runs = true WHERE name = $1`,
    [reader],
  );
  kind.readers.changed(tenant.id as never);
  await hasRead(reader, 6);
  expect(await numbersOf(board, reader)).toEqual([1, 2, 3, 4, 7, 8]);
  expect(await rowOf(reader)).toMatchObject({ skipped: 1, last: { event: '6' } });
});

it('rests while its tenant is suspended, or when it is told to, and goes on where it stood', async () => {
  const { tenant, agent, reader } = await place();
  await kind.add(tenant.id, reader);
  await ingest(agent, 3);
  await hasRead(reader, 3);
  await board.admin('PATCH', `/v1/admin/tenants/${tenant.id}`, { status: 'suspended' });
  await ingest(agent, 3);
  const watched = await place();
  await kind.add(watched.tenant.id, watched.reader);
  await ingest(watched.agent, 1);
  await hasRead(watched.reader, 1); // Committed and read after the three.
  expect(await numbersOf(board, reader)).toEqual([1, 2, 3]);
  await board.admin('PATCH', `/v1/admin/tenants/${tenant.id}`, { status: 'active' });
  await hasRead(reader, 6);
  await kind.change(tenant.id, reader, { cursor: 4 });
  await hasRead(reader, 8);
  expect(await numbersOf(board, reader)).toEqual([1, 2, 3, 4, 5, 6, 5, 6]);
});

it('is told what retention has removed before it came there', async () => {
  const { tenant, agent, reader } = await place();
  await ingest(agent, 10);
  await query(board.databaseUrl, `DELETE FROM events WHERE tenant_id = $1 AND seq <= 6`, [tenant.id]);
  await query(board.databaseUrl, `UPDATE tenant_heads SET expired_until = 6 WHERE tenant_id = $1`, [tenant.id]);
  await kind.add(tenant.id, reader, 2);
  await hasRead(reader, 4);
  expect(await numbersOf(board, reader)).toEqual([7, 8, 9, 10]);
  expect(kind.pages.find(({ name }) => name === reader)?.gap).toEqual({ after: 2, resumeFrom: 6 });
});

it('writes nothing of what it has made when it was set elsewhere meanwhile', async () => {
  const { tenant, agent, reader } = await place();
  await ingest(agent, 3);
  const arrival = new EventEmitter();
  const arrived = once(arrival, 'arrived');
  const left = once(arrival, 'left');
  kind.onTake = async ({ name }) => {
    if (name !== reader) return;
    arrival.emit('arrived');
    await left;
  };
  await kind.add(tenant.id, reader);
  await arrived;
  await kind.change(tenant.id, reader, { cursor: 2 });
  arrival.emit('left');
  await hasRead(reader, 1);
  await ingest(agent, 1);
  await hasRead(reader, 2);
  expect(await numbersOf(board, reader)).toEqual([3, 4]);
});

it('waits with an event for as long as its kind must, though that event was under way at a death', async () => {
  const { tenant, agent, reader } = await place();
  await kind.add(tenant.id, reader);
  await kind.change(tenant.id, reader, { runs: false });
  await ingest(agent, 3);
  let takes = 0;
  kind.isReady = () => (takes += 1) > 12;
  await query(board.databaseUrl, `UPDATE log_readers SET trying = 1, tries = 1, runs = true WHERE name = $1`, [reader]);
  kind.readers.changed(tenant.id as never);
  await hasRead(reader, 3);
  expect(await numbersOf(board, reader)).toEqual([1, 2, 3]);
  expect(await rowOf(reader)).toMatchObject({ cursor: 3, skipped: 0 });
});
