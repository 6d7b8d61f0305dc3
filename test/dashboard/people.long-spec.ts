/** People of a customer in a real browser: invited by name, signed in, seen by the operator, signed out. */
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { faultsInEveryLook } from './layout.js';
import { Person, isLive } from './person.js';

describeInChromium('the people of a customer', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  /** An operator who signed in by a link, at a customer's page. */
  async function operatorAt(tenant: string): Promise<[Person, Page]> {
    const { body } = await board.admin<{ url: string }>('POST', '/v1/admin/sign-in-links', {});
    const operator = await Person.visiting(browser, board.url);
    const page = await operator.open(`/${new URL(body.url).hash}`);
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await page.getByRole('link', { name: 'Customers' }).first().waitFor();
    await page.goto(`${board.url}/admin/tenants/${tenant}`);
    return [operator, page];
  }

  async function openLink(link: string): Promise<[Person, Page]> {
    const person = await Person.visiting(browser, board.url);
    const page = await person.open(`/${new URL(link).hash}`);
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(page);
    return [person, page];
  }

  it('are invited by name, and signed out one by one', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant') });
    const [operator, page] = await operatorAt(id);
    await page.getByRole('button', { name: 'Invite someone' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Person’s name').fill('Ana Pérez');
    await dialog.getByLabel('E-mail').fill('ana@acme.example');
    expect(await faultsInEveryLook(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Create link' }).click();
    const [ana, hers] = await openLink(await dialog.locator('code').innerText());
    await dialog.getByRole('button', { name: 'Done' }).click();
    const row = page.getByRole('row', { name: /Ana Pérez/ });
    await row.getByText('1 browser').waitFor();
    await row.getByText('ana@acme.example').waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);
    await row.getByRole('button', { name: 'Sign out Ana Pérez' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await hers.getByText('Your access was revoked').waitFor();
    await row.getByText('Not signed in').waitFor();
    await Promise.all([operator.leave(), ana.leave()]);
  });

  it('ask for a new link where they are signed out; the operator sees it and makes it with one click', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant') });
    const path = `/v1/admin/tenants/${id}/sign-in-links`;
    const { body: link } = await board.admin<{ url: string }>('POST', path, { for: 'Ana Pérez' });
    const [first] = await openLink(link.url);
    await first.leave();
    // The link was used: it says who asks.
    const ana = await Person.visiting(browser, board.url);
    const hers = await ana.open(`/${new URL(link.url).hash}`);
    await hers.getByRole('button', { name: 'Open Switchboard' }).click();
    await hers.getByText('This sign-in link no longer works').waitFor();
    expect(await faultsInEveryLook(hers)).toEqual([]);
    await hers.getByRole('button', { name: 'Send me a new link' }).click();
    await hers.getByText('Your request was sent').waitFor();
    expect(await faultsInEveryLook(hers)).toEqual([]);
    const [operator, page] = await operatorAt(id);
    await page.goto(`${board.url}/admin/home`);
    await page.getByRole('link', { name: `${id}: Ana Pérez asks for a sign-in link` }).click();
    const ask = page.getByRole('button', { name: 'Create link for Ana Pérez' });
    await ask.waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);
    await ask.click();
    const dialog = page.getByRole('dialog');
    const [again] = await openLink(await dialog.locator('code').innerText());
    await dialog.getByRole('button', { name: 'Done' }).click();
    await ask.waitFor({ state: 'detached' });
    await Promise.all([operator.leave(), ana.leave(), again.leave()]);
  });
});
