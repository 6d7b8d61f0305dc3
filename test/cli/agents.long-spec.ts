/** Agents by the command line, one by one and from a file. */
import { CommandLineBench } from '../support/command-line-bench.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';

let bench: CommandLineBench;
let board: Switchboard;
beforeAll(async () => {
  bench = await CommandLineBench.start();
  ({ board } = bench);
});
afterAll(() => bench.stop());

const ownerOf = async (agent: string) => {
  const { body } = await board.admin<{ owners: { tenant: string; until: string | null }[] }>(
    'GET',
    `/v1/admin/agents/${agent}/owners`,
  );
  return body.owners.find(({ until }) => until === null)?.tenant ?? null;
};

describe('switchboard agent', () => {
  it('assigns, says whose an agent is when it is another’s, moves it when told, and takes it away', async () => {
    const [agent, one, other] = [fresh('mara'), (await board.createTenant()).id, (await board.createTenant()).id];
    await bench.said('agent', 'assign', agent, '--tenant', one);
    const refused = await bench.run(['agent', 'assign', agent, '--tenant', other]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `belongs to ${one}, not to nobody. If that is what you want, say --from ${one} to move it`,
    );
    const preview = await bench.said('agent', 'assign', agent, '--tenant', other, '--from', one, '--dry-run');
    expect(preview).toMatch(
      /^nothing was changed.*\n {2}0 open streams: .*\n {2}0 calls in progress: .*\n {2}0 stream tokens/,
    );
    expect(await ownerOf(agent)).toBe(one);
    await bench.said('agent', 'assign', agent, '--tenant', other, '--from', one);
    expect(await bench.said('agent', 'owners', agent)).toMatch(new RegExp(`^${other} .*–.*\n${one} `, 'm'));
    await bench.said('agent', 'unassign', agent, '--from', other);
    expect(await bench.said('agent', 'list', '--unassigned')).toMatch(new RegExp(`^${agent} +– +–$`, 'm'));
  });

  it('set makes the whole set', async () => {
    const { id } = await board.createTenant({ agents: [fresh('old')] });
    const names = [fresh('a'), fresh('b')];
    expect(await bench.said('agent', 'set', '--tenant', id, '--dry-run', ...names)).toContain(
      `added    ${names.join(' ')}`,
    );
    await bench.said('agent', 'set', '--tenant', id, ...names);
    expect((await bench.said('agent', 'list', '--tenant', id)).match(/^\S+/gm)?.slice(1)).toEqual(names);
  });
});

describe('switchboard agent import', () => {
  it('brings a CSV’s agents to their tenants, other tenants’ only when told, and says the plan before', async () => {
    const [one, other] = [fresh('one'), fresh('other')];
    const { id: owner } = await board.createTenant({ agents: [other] });
    const tenant = fresh('new-customer');
    const csv = join(bench.folder, 'fleet.csv');
    writeFileSync(csv, `\ufeffagent,tenant\r\n${one},${tenant}\r\n${other},${tenant}\r\n`);
    const refused = await bench.run(['agent', 'import', csv]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(
      new RegExp(`assign +${one} +${tenant} +–\ntransfer +${other} +${tenant} +${owner}\n$`),
    );
    expect(refused.stderr).toBe(
      `switchboard: nothing was changed: no such tenant: ${tenant} (--create-tenants creates them); owned by another tenant: ${other} (--transfer moves them)\n`,
    );
    await bench.run(['agent', 'import', csv, '--dry-run', '--transfer', '--create-tenants']);
    expect([await ownerOf(one), await ownerOf(other)]).toEqual([null, owner]);
    expect((await board.admin('GET', `/v1/admin/tenants/${tenant}`)).status).toBe(404);
    const done = await bench.run(['agent', 'import', csv, '--transfer', '--create-tenants']);
    expect([done.code, done.stderr]).toEqual([0, '2 agents assigned to their tenants\n']);
    expect([await ownerOf(one), await ownerOf(other)]).toEqual([tenant, tenant]);
    // Safe to repeat.
    expect(await bench.said('agent', 'import', csv)).toMatch(/keep.*\nkeep/);
  });

  it('takes JSON, also from stdin', async () => {
    const [one, two] = [fresh('one'), fresh('two')];
    const { id } = await board.createTenant();
    const [map, list] = [JSON.stringify({ [id]: [one] }), JSON.stringify([{ agent: two, tenant: id }])];
    await Promise.all([map, list].map((stdin) => bench.run(['agent', 'import', '-'], { stdin })));
    expect([await ownerOf(one), await ownerOf(two)]).toEqual([id, id]);
  });

  it('names every fault with its line, and changes nothing', async () => {
    const agent = fresh('mara');
    const { id } = await board.createTenant();
    const stdin = `agent,tenant\n${agent},${id}\n"ju lia",${id}\n${agent},${id}\nnora,No Tenant\n`;
    const { code, stderr } = await bench.run(['agent', 'import', '-'], { stdin });
    expect(code).toBe(2);
    expect(stderr.split('\n').slice(1, -1)).toEqual([
      '  line 3: "ju lia" is no name of an agent',
      `  line 4: "${agent}" stands in line 2 already`,
      '  line 5: "No Tenant" is no name of a tenant',
    ]);
    expect(await ownerOf(agent)).toBeNull();
    expect((await bench.run(['agent', 'import', 'nothing.csv'])).stderr).toBe(
      'switchboard: nothing.csv cannot be read (ENOENT)\n',
    );
  });
});
