/** The projection while events never stop. */
import { jest } from '@jest/globals';
import { CallsProjection } from '../../src/calls/projection/calls.projection.js';
import { callsNow, said, started } from '../support/calls.js';
import { query } from '../support/database.js';
import { whileHeld } from '../support/hold-table.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

interface Progress {
  readonly calls: { readonly state: string; readonly behind: number };
}
const progress = async () => (await board.request<Progress & Record<string, unknown>>('GET', '/readyz')).body.calls;

it('ends a rebuild although events come without a pause', async () => {
  const agent = fresh('mara');
  await board.createTenant({ agents: [agent] });
  const calls = Array.from({ length: 500 }, (_, index) => fresh(`CA${index}`));
  for (let from = 0; from < calls.length; from += 100)
    await board.ingest(...calls.slice(from, from + 100).map((call) => started(agent, call)));
  await waitFor(async () => (await progress()).behind === 0, 'the projection');
  let isOver = false;
  const writers = [1, 2, 3, 4].map(async (writer) => {
    for (let n = 0; !isOver; n += 1) await board.ingest(said(agent, `CA-${writer}`, `u${n}`, `${n}`));
  });
  const begun = await board.admin('POST', '/v1/admin/calls/rebuild');
  expect(begun.status).toBe(202);
  try {
    await waitFor(async () => (await progress()).state === 'up', 'the end of the rebuild', 60_000);
  } finally {
    isOver = true;
    await Promise.all(writers);
  }
  await waitFor(async () => (await progress()).behind === 0, 'the projection');
  const rows = await query(board.databaseUrl, 'SELECT FROM calls WHERE agent = $1', [agent]);
  expect(rows).toHaveLength(504);
});

it('is waited for when it is nearly there; when it is far behind, answers come at once', async () => {
  const [agent, call] = [fresh('mara'), fresh('CA')];
  const acme = await board.createTenant({ agents: [agent] });
  await board.ingest(started(agent, call));
  await waitFor(async () => (await progress()).behind === 0, 'the projection');
  const wake = jest.spyOn(board.app.get(CallsProjection), 'wake');
  await whileHeld([board.databaseUrl, 'call_parts', 'SHARE'], async () => {
    await board.ingest(said(agent, call, 'u0', '0'));
    expect((await callsNow(board, acme)).body.calls).toHaveLength(1);
    expect(wake).toHaveBeenCalled();
    await board.ingest(...Array.from({ length: 1001 }, (_, n) => said(agent, call, `u${n + 1}`, `${n + 1}`)));
    wake.mockClear();
    expect((await callsNow(board, acme)).body.calls).toHaveLength(1);
    expect(wake).not.toHaveBeenCalled();
  });
});
