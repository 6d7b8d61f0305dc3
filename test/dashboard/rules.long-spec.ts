/** The page of the live rules in a real browser: one is written, tried on past calls, switched on, and seen to fire. */
import type { Browser, Page } from 'playwright-core';
import { ended, said, settled, started } from '../support/calls.js';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { faultsInEveryLook } from './layout.js';
import { Person, isLive } from './person.js';

describeInChromium('the page of the rules', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  /** Signed in by a link, so that the tab may make changes. */
  async function signedIn(tenant: string | null): Promise<[Person, Page]> {
    const path = `/v1/admin/${tenant === null ? '' : `tenants/${tenant}/`}sign-in-links`;
    const { body } = await board.admin<{ url: string }>('POST', path, {});
    const person = await Person.visiting(browser, board.url);
    const page = await person.open(`/${new URL(body.url).hash}`);
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(page);
    return [person, page];
  }

  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

  it('writes one by keyboard, tries it on past calls, switches it on, and shows where it fired', async () => {
    const [agent, before, now] = [fresh('mara'), fresh('CA'), fresh('CA')];
    const { id } = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    await board.ingest(
      started(agent, before),
      said(agent, before, 'm1', 'I want a refund, please'),
      ended(agent, before),
    );
    await settled(board);
    const [person, page] = await signedIn(id);
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByText('No rules yet').waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);

    await button(page, 'New rule').press('Enter');
    await page.getByLabel('Name').first().fill('Wants a refund');
    await page.getByLabel('What happens').selectOption('pattern');
    await page.getByLabel('Pattern', { exact: true }).fill('refund(');
    await button(page, 'Try it').press('Enter');
    await page.locator('.field-error', { hasText: /\S/ }).waitFor();
    await page.getByLabel('What happens').selectOption('words');
    await page.getByLabel('Words or phrases').fill('refund');
    await button(page, 'Try it').press('Enter');
    await page.getByText('It would have caught 1 call').waitFor();
    await page.locator('.caught-list mark', { hasText: 'I want a refund' }).waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);
    await button(page, 'Save and switch on').press('Enter');
    await page.getByRole('row', { name: /Wants a refund/ }).waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);

    await board.ingest(started(agent, now), said(agent, now, 'm1', 'Where is my refund?'));
    await page.getByRole('link', { name: 'Live' }).click();
    await page.locator('.live-row', { hasText: 'Wants a refund' }).waitFor();
    await board.ingest(ended(agent, now));
    await settled(board);
    await page.getByRole('link', { name: 'Calls', exact: true }).click();
    await page.getByRole('row', { name: /Wants a refund/ }).waitFor();
    await page.goto(`${board.url}/calls/${now}`);
    await page.locator('.line-caught', { hasText: 'Where is my refund?' }).waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);

    await page.goto(`${board.url}/rules`);
    await button(page, 'Delete Wants a refund').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No rules yet').waitFor();
    await person.leave();
  });

  it('has ready-made rules, for a customer’s operator too', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant'), agents: [fresh('mara')] });
    const [person, page] = await signedIn(null);
    await page.goto(`${board.url}/admin/tenants/${id}/rules`);
    await button(page, 'Switch on: Caller asks for a person').click();
    await page.getByRole('row', { name: /Caller asks for a person/ }).waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);
    await person.leave();
  });
});
