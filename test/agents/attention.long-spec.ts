/** What operators see across tenants: who is busy, what goes wrong, what holds by default, who changed what. */
import { ended, settled, started } from '../support/calls.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let board: Switchboard;
beforeAll(async () => (board = await Switchboard.start({ LIMIT_STREAMS: '77', RETENTION_DAYS: '9' })));
afterAll(() => board.stop());

interface Active {
  readonly name: string;
  readonly calls: number;
  readonly failed: number;
  readonly lastCallAt: string | null;
}

it('counts calls and minutes of customers and agents, and names those whose calls fail', async () => {
  const [mara, idle] = [fresh('mara'), fresh('idle')];
  const acme = await board.createTenant({ id: fresh('tenant'), agents: [mara] });
  const globex = await board.createTenant({ id: fresh('tenant'), agents: [idle] });
  const [good, bad] = [fresh('c'), fresh('c')];
  await board.ingest(started(mara, good), ended(mara, good, { duration: 90 }));
  await board.ingest(started(mara, bad), ended(mara, bad, { reason: 'failed', duration: 30 }));
  await settled(board);
  const activity = async (query: string) =>
    (await board.admin<{ activity: Active[] }>('GET', `/v1/admin/activity?${query}`)).body.activity;
  const byName = new Map((await activity(`tenants=${acme.id},${globex.id}`)).map((one) => [one.name, one]));
  expect(byName.get(acme.id)).toMatchObject({ calls: 2, minutes: 2, failed: 1, toolFailed: 0 });
  expect(byName.get(globex.id)).toMatchObject({ calls: 0, minutes: 0, failed: 0, lastCallAt: null });
  expect(await activity(`agents=${mara}`)).toMatchObject([{ name: mara, calls: 2, failed: 1 }]);
  const { body } = await board.admin<{ tenants: { tenant: string }[]; webhooks: object[] }>(
    'GET',
    '/v1/admin/attention',
  );
  expect(body.tenants).toEqual([expect.objectContaining({ tenant: acme.id, calls: 2, failed: 1 })]);
  expect(body.webhooks).toEqual([]);
});

it('refuses to look at more than a week, or at both or none', async () => {
  for (const path of [
    'attention?since=2020-01-01',
    'activity',
    'activity?tenants=acme&agents=mara',
    'activity?tenants=',
  ])
    expect((await board.admin('GET', `/v1/admin/${path}`)).status).toBe(400);
});

it('says which limits hold for a tenant for which nothing else was set', async () => {
  const { body } = await board.admin<{ limits: object }>('GET', '/v1/admin/limits');
  expect(body.limits).toMatchObject({ streams: 77, retentionDays: 9 });
});

it('explains a call by its id', async () => {
  const mara = fresh('mara');
  const [acme, globex] = [await board.createTenant({ agents: [mara] }), await board.createTenant()];
  const call = fresh('c');
  await board.ingest(started(mara, call));
  const explain = (tenant: string, of: string) => board.admin('GET', `/v1/admin/explain?tenant=${tenant}&call=${of}`);
  expect((await explain(acme.id, call)).body).toMatchObject({ delivered: true, event: { callId: call } });
  expect((await explain(globex.id, call)).body).toMatchObject({ delivered: false });
  expect((await explain(acme.id, 'none')).status).toBe(404);
  expect((await board.admin('GET', `/v1/admin/explain?tenant=${acme.id}`)).status).toBe(400);
});

it('narrows the audit, and names the tokens in it', async () => {
  const acme = await board.createTenant();
  const path = `/v1/admin/audit?tenant=${acme.id}&action=token.create`;
  const { body } = await board.admin<{ audit: { at: string }[] }>('GET', path);
  expect(body.audit).toMatchObject([{ action: 'token.create', target: acme.tokenId, targetName: 'test' }]);
  const at = body.audit[0]?.at ?? '';
  const count = async (query: string) =>
    (await board.admin<{ audit: object[] }>('GET', `${path}&${query}`)).body.audit.length;
  expect(await count(`from=${at}`)).toBe(1);
  expect(await count(`to=${at}`)).toBe(0);
  expect(await count(`target=${acme.tokenId}`)).toBe(1);
  expect(await count('by=nobody')).toBe(0);
});
