/** The operator's pages in a real browser: what they change is seen on the customers' pages. */
import { readFileSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { ended, said, started } from '../support/calls.js';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { Switchboard, type TestTenant, expectStatus } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person, isLive, rowsOf } from './person.js';

interface AxeRule {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

describeInChromium('the operator’s page', () => {
  let board: Switchboard;
  let browser: Browser;
  let operator: Person;
  let page: Page;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
    operator = await Person.visiting(browser, board.url);
    page = await operator.open(await signInPath(null));
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(page);
  });
  afterAll(async () => {
    await operator?.leave();
    await browser?.close();
    await board?.stop();
  });

  async function signInPath(tenant: string | null): Promise<string> {
    const path = `/v1/admin/${tenant === null ? '' : `tenants/${tenant}/`}sign-in-links`;
    const { body } = await expectStatus(201, board.admin<{ url: string }>('POST', path));
    return new URL(body.url).pathname + new URL(body.url).hash;
  }

  /** By the navigation, as a person would: the tab and its token stay. */
  async function go(name: string): Promise<void> {
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  }

  async function customer(...agents: string[]): Promise<TestTenant> {
    const tenant = await board.createTenant({ id: fresh('tenant'), agents });
    await page.goto(`${board.url}/admin`);
    return tenant;
  }

  async function ownerOf(agent: string): Promise<string | null | undefined> {
    const { body } = await board.admin<{ agents: { agent: string; tenant: string | null }[] }>(
      'GET',
      '/v1/admin/agents?limit=500',
    );
    return body.agents.find((one) => one.agent === agent)?.tenant;
  }

  it('gives an agent that nobody owns to a customer, and says first what that changes', async () => {
    const nora = fresh('nora');
    const { id } = await customer();
    await board.ingest(started(nora, fresh('c')));
    await go('Agents');
    const nobodys = page.getByRole('region', { name: 'Unassigned agents' });
    await nobodys.getByRole('button', { name: `Assign: ${nora}` }).click();
    await page.getByLabel('Customer', { exact: true }).selectOption(id);
    await page.getByRole('button', { name: 'Preview changes' }).click();
    const preview = page.getByRole('dialog').getByRole('listitem');
    await preview.first().waitFor();
    expect(await preview.allInnerTexts()).toEqual([
      'From Nobody',
      'No open streams are affected.',
      'No calls are in progress.',
    ]);
    expect(await ownerOf(nora)).toBeNull();
    await page.getByRole('button', { name: `Assign to ${id}` }).click();
    await page.getByText(`${nora} is now assigned to ${id}.`).waitFor();
    expect(await ownerOf(nora)).toBe(id);
    await nobodys.getByText(nora).waitFor({ state: 'detached' });
  });

  it('transfers an agent while its customer watches: the call in progress stays, the next one is the other’s', async () => {
    const [mara, call, next] = [fresh('mara'), fresh('c'), fresh('c')];
    const acme = await board.createTenant({ id: fresh('tenant'), agents: [mara] });
    const globex = await customer();
    const [me, they] = [await Person.of(browser, board, acme), await Person.of(browser, board, globex)];
    const [mine, theirs] = [await me.watch(), await they.watch()];
    await board.ingest(started(mara, call), said(mara, call, 'm1', 'before the transfer'));
    await mine.getByRole('log').or(mine.locator('.live-panel')).getByText('before the transfer').first().waitFor();
    await go('Agents');
    await page.getByRole('button', { name: `Transfer: ${mara}` }).click();
    await page.getByLabel('Customer', { exact: true }).selectOption(globex.id);
    await page.getByRole('button', { name: 'Preview changes' }).click();
    await page.getByText('2 open streams are notified and stay open.').waitFor();
    await page.getByText(`1 call in progress stays with ${acme.id} until it ends.`).waitFor();
    await page.getByRole('button', { name: `Assign to ${globex.id}` }).click();
    await page.getByText(`${mara} is now assigned to ${globex.id}.`).waitFor();
    await board.ingest(said(mara, call, 'm2', 'after the transfer'), started(mara, next, { from: '+39066666666' }));
    await theirs.locator('.live-row').getByText('+39066666666').waitFor();
    await mine.locator('.live-panel').getByText('after the transfer').first().waitFor();
    expect((await rowsOf(mine)).join()).not.toContain('+39066666666');
    expect((await rowsOf(theirs)).join()).not.toContain('+34611111111');
    await page.getByRole('button', { name: `History: ${mara}` }).click();
    const history = page.getByRole('dialog').getByRole('listitem');
    await history.nth(1).waitFor();
    expect((await history.allInnerTexts()).map((text) => text.split('\n')[0]?.split(' ')[0])).toEqual([
      globex.id,
      acme.id,
    ]);
    await page.getByRole('button', { name: 'Close' }).click();
    await Promise.all([me.leave(), they.leave()]);
  });

  it('says who owns the agent when that has changed meanwhile, and changes nothing', async () => {
    const mara = fresh('mara');
    const [acme, globex] = [await board.createTenant({ id: fresh('tenant'), agents: [mara] }), await customer()];
    await go('Agents');
    await page.getByRole('button', { name: `Transfer: ${mara}` }).click();
    await page.getByLabel('Customer', { exact: true }).selectOption(globex.id);
    const third = await board.createTenant({ id: fresh('tenant') });
    await board.assign(mara, third.id, acme.id);
    await page.getByRole('button', { name: 'Preview changes' }).click();
    await page.getByText(`The owner changed in the meantime. It is now ${third.id}.`).waitFor();
    expect(await ownerOf(mara)).toBe(third.id);
    await page.getByRole('button', { name: 'Cancel' }).click();
  });

  it('suspends a customer, whose page says so at once, and lets it in again', async () => {
    const acme = await customer();
    const me = await Person.of(browser, board, acme);
    const mine = await me.watch();
    await go('Customers');
    await page.getByRole('link', { name: acme.id, exact: true }).click();
    await page.getByRole('button', { name: 'Suspend' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await page.locator('.tag').getByText('Suspended').waitFor();
    await mine.getByText('Your account is suspended').waitFor();
    await page.getByRole('button', { name: 'Activate' }).click();
    await page.locator('.tag').getByText('Active').waitFor();
    await mine.reload();
    await isLive(mine);
    await go('Audit');
    await page.getByRole('combobox', { name: 'Customer' }).selectOption(acme.id);
    const changes = page.getByRole('row').filter({ hasText: 'Customer changed' }).locator('dd');
    await changes.nth(1).waitFor();
    expect((await changes.allInnerTexts()).map((text) => text.match(/active|suspended/g))).toEqual([
      ['suspended', 'active'],
      ['active', 'suspended'],
    ]);
    await page.getByRole('combobox', { name: 'Action' }).selectOption({ label: 'Token created' });
    await page.getByRole('row').filter({ hasText: 'Customer changed' }).first().waitFor({ state: 'detached' });
    expect(new URL(page.url()).searchParams.get('action')).toBe('token.create');
    // The actor has its token's name, and a click on it narrows the list to it.
    await page
      .getByTitle(/^Show only changes by/)
      .first()
      .click();
    await page.getByRole('button', { name: /^Only by / }).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ]);
    const csv = readFileSync(await file.path(), 'utf8');
    expect(csv.split('\r\n').filter((line) => line !== '')).toHaveLength(2);
    expect(csv).toContain('token.create,Token created,');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await me.leave();
  });

  it('views as a customer: its own calls and no others, read only, below a banner that leads back', async () => {
    const [mara, julia] = [fresh('mara'), fresh('julia')];
    await board.createTenant({ id: fresh('tenant'), agents: [julia] });
    const acme = await customer(mara);
    await board.ingest(started(mara, fresh('c')), started(julia, fresh('c'), { from: '+39066666666' }));
    await go('Customers');
    await page.getByRole('link', { name: `View as ${acme.id}` }).click();
    await page.getByRole('button', { name: 'Open the view' }).click();
    await page.getByText(`You are viewing Switchboard as ${acme.id}`).waitFor();
    await isLive(page);
    await page.locator('.live-row').getByText('+34611111111').waitFor();
    await board.ingest(
      started(julia, fresh('c'), { from: '+39077777777' }),
      started(mara, fresh('c'), { from: '+34622222222' }),
    );
    await page.locator('.live-row').getByText('+34622222222').waitFor();
    expect((await rowsOf(page)).join()).not.toMatch(/\+39/);
    await page.getByRole('link', { name: 'Calls' }).click();
    await page.getByRole('row', { name: /\+34622222222/ }).waitFor();
    expect(await page.locator('body').innerText()).not.toMatch(/\+39/);
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByText('You cannot manage tokens in this session').waitFor();
    await page.reload();
    await page.getByText(`You are viewing Switchboard as ${acme.id}`).waitFor();
    await page.getByRole('link', { name: 'Back to the platform' }).click();
    await page.getByRole('heading', { name: 'Customers' }).waitFor();
    const { body } = await board.request<{ audit: object[] }>('GET', '/v1/audit?limit=1', { token: acme.token });
    expect(body.audit).toMatchObject([{ action: 'tenant.view', by: 'operator' }]);
  });

  it('shows everybody’s calls as they happen, each with its customer, found by the customer’s name', async () => {
    const [mara, julia, nora] = [fresh('mara'), fresh('julia'), fresh('nora')];
    const acme = await board.createTenant({ id: fresh('tenant'), agents: [mara] });
    const globex = await customer(julia);
    await isLive(page);
    const call = fresh('order-1002'); // Of each of them: ids are their senders' own.
    await board.ingest(
      started(mara, call, { from: '+34600000001' }),
      started(julia, call, { from: '+34600000002' }),
      started(nora, call, { from: '+34600000003' }),
    );
    const row = (from: string) => page.locator('.live-row').filter({ hasText: from });
    for (const [from, owner] of [
      ['+34600000001', acme.id],
      ['+34600000002', globex.id],
      ['+34600000003', 'Nobody'],
    ] as const) {
      await row(from).waitFor();
      expect(await row(from).locator('.tenant-tag').innerText()).toBe(owner);
    }
    await page.getByRole('searchbox', { name: 'Search live calls' }).fill(acme.id);
    await row('+34600000002').waitFor({ state: 'detached' });
    await row('+34600000001').click();
    await board.ingest(said(mara, call, 'm1', '<img src=x onerror=alert(1)> ¿hola?'));
    await page.locator('.live-panel').getByText('<img src=x onerror=alert(1)> ¿hola?').first().waitFor();
    await board.ingest(ended(mara, call));
    await page.locator('.live-panel').getByText('This call has ended').waitFor();
  });

  it('lists open streams and ends one, whose reader comes back', async () => {
    const acme = await customer();
    const stream = await board.open('/events', { token: acme.token });
    await stream.untilType('log.caught_up');
    await go('Streams');
    await page.getByRole('button', { name: `End the stream of ${acme.id}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End' }).click();
    await stream.until(({ ended: over }) => over, 'its end');
    expect(stream.frames.at(-1)).toMatchObject({ type: 'stream.closing' });
    await page.getByRole('button', { name: `End the stream of ${acme.id}` }).waitFor({ state: 'detached' });
  });

  it('makes a customer, lets a person of it in by a link, limits it and erases it', async () => {
    await page.goto(`${board.url}/admin/tenants`);
    const id = fresh('initech');
    await page.getByRole('button', { name: 'New customer' }).click();
    await page.getByLabel('Short name').fill('Not a name!');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('alert').filter({ hasText: 'Short name:' }).waitFor();
    await page.getByLabel('Short name').fill(id);
    await page.getByLabel('Name', { exact: true }).fill('Initech');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Initech', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign-in link' }).click();
    await page.getByRole('button', { name: 'Create link' }).click();
    const link = new URL(await page.getByRole('dialog').locator('code').innerText());
    await page.getByRole('button', { name: 'Done' }).click();
    const person = await Person.visiting(browser, board.url);
    const theirs = await person.open(`${link.pathname}${link.hash}`);
    await theirs.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(theirs);
    expect(await theirs.locator('.brand-owner').innerText()).toBe(id);
    await page.getByLabel('Concurrent streams', { exact: true }).fill('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    await page.getByLabel('Concurrent streams', { exact: true }).fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await waitFor(async () => {
      const { body } = await board.admin<{ limits: object }>('GET', `/v1/admin/tenants/${id}`);
      return Object.keys(body.limits).length === 0;
    }, 'a limit that is unset');
    // In a tab that may not change anything a token is asked for, within the form.
    await page.evaluate('sessionStorage.clear()');
    await page.reload();
    await page.getByLabel('Concurrent streams', { exact: true }).fill('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Token', { exact: true }).fill(board.adminToken);
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByText('Saved').waitFor();
    const { body } = await board.admin('GET', `/v1/admin/tenants/${id}`);
    expect(body['limits']).toEqual({ streams: 7 });
    await page.getByRole('button', { name: 'Erase' }).click();
    const erase = page.getByRole('dialog').getByRole('button', { name: 'Erase' });
    expect(await erase.isDisabled()).toBe(true);
    await page.getByLabel(`Type ${id} to confirm`).fill(id);
    await erase.click();
    await page.getByRole('heading', { name: 'Customers' }).waitFor();
    expect((await board.admin('GET', `/v1/admin/tenants/${id}`)).status).toBe(404);
    await theirs.getByRole('heading', { name: 'Sign in' }).waitFor();
    await person.leave();
  });

  it('shows how the server is, makes a platform token once, and rotates the keys', async () => {
    await page.goto(`${board.url}/admin/health`);
    await page.getByRole('status').getByText('Ready').waitFor();
    for (const part of ['Database', 'Bus', 'Calls', 'Sources'])
      await page.getByRole('heading', { name: part }).waitFor();
    await go('Access');
    await page.getByRole('button', { name: 'New token' }).click();
    const name = fresh('ingest');
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('Send events').check();
    await page.getByRole('button', { name: 'Create' }).click();
    const token = await page.locator('.secret-text').innerText();
    expect(
      (await board.request('POST', '/v1/ingest', { token, body: started(fresh('nora'), fresh('c')) })).status,
    ).toBe(200);
    const keys = page.getByRole('region', { name: 'Signing keys' }).locator('tbody tr');
    await keys.first().waitFor();
    const before = await keys.count();
    await page.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    await keys.nth(before).waitFor();
  });

  it.each(['light', 'dark'] as const)('has no fault that axe can find, %s', async (colorScheme) => {
    const [mara, nora] = [fresh('mara'), fresh('nora')];
    const acme = await customer(mara);
    await board.ingest(started(mara, fresh('c')), started(nora, fresh('c')));
    // Between the themes only the colours differ.
    const rules = colorScheme === 'dark' ? ['color-contrast'] : undefined;
    await page.emulateMedia({ colorScheme });
    for (const path of [
      'live',
      'calls',
      'tenants',
      `tenants/${acme.id}`,
      'agents',
      'connections',
      'audit',
      'health',
      'access',
      `view/${acme.id}`,
    ]) {
      await page.goto(`${board.url}/admin/${path}`);
      await page.locator('h1').waitFor();
      await page.locator('.spinner').first().waitFor({ state: 'detached' });
      expect([path, await faultsOf(page, rules)]).toEqual([path, []]);
    }
    await page.goto(`${board.url}/admin/agents`);
    await page.getByRole('button', { name: `Assign: ${nora}` }).click();
    await page.getByLabel('Customer', { exact: true }).selectOption(acme.id);
    await page.getByRole('button', { name: 'Preview changes' }).click();
    await page.getByText('From Nobody').waitFor();
    expect(await faultsOf(page, rules)).toEqual([]);
  });
});

/** What axe finds on the page as it stands; `rules`: by these alone. */
async function faultsOf(page: Page, rules: readonly string[] | undefined): Promise<string[]> {
  await page.evaluate(axe.source);
  const options = JSON.stringify({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) });
  const run = `axe.run(${options}).then(({ violations }) => violations)`;
  const violations = await page.evaluate<AxeRule[]>(run);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
