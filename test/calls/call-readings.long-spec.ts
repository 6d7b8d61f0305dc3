import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start()));
afterAll(() => board.stop());

it('a tenant finds in its book that an operator read its call, once for each who did', async () => {
  const [agent, callId] = [fresh('agent'), fresh('call')];
  const [acme, globex] = [await board.createTenant({ agents: [agent] }), await board.createTenant()];
  await board.ingest({ event: 'call.started', agent, callId });
  const read = (token: string) => board.request('GET', `/v1/admin/calls/${callId}`, { token });
  await waitFor(async () => (await read(board.adminToken)).status === 200, 'the call');
  for (let again = 0; again < 3; again++) expect((await read(board.adminToken)).status).toBe(200);
  const another = await board.admin<{ token: string }>('POST', '/v1/admin/tokens', { name: 'x', scopes: ['admin'] });
  expect((await read(another.body.token)).status).toBe(200);
  const bookOf = async (token: string) => {
    const { body } = await board.request<{ audit: Record<string, unknown>[] }>('GET', '/v1/audit', { token });
    return body.audit.filter(({ action }) => action === 'call.read');
  };
  const rows = await bookOf(acme.token);
  expect(rows.map(({ by, target }) => [by, target])).toEqual([
    ['operator', callId],
    ['operator', callId],
  ]);
  expect(await bookOf(globex.token)).toEqual([]);
});
