/** The page of the webhooks in a real browser, by keyboard: one is made, tried, fails, is seen to fail, and is mended. */
import type { Browser, Locator, Page } from 'playwright-core';
import { ended, started } from '../support/calls.js';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { WebhookReceiver, verify } from '../support/webhook-receiver.js';
import { faultsInEveryLook } from './layout.js';
import { Person, isLive } from './person.js';

describeInChromium('the page of the webhooks', () => {
  let board: Switchboard;
  let browser: Browser;
  const receivers: WebhookReceiver[] = [];
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start({ WEBHOOKS_ALLOW: '127.0.0.0/8' }), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
    await Promise.all(receivers.map((receiver) => receiver.stop()));
  });

  async function receive(): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start();
    receivers.push(receiver);
    return receiver;
  }

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

  it('makes one by keyboard, shows its secret once, tests it, and sees it fail, why, and how it is mended', async () => {
    const [agent, call, receiver] = [fresh('mara'), fresh('CA'), await receive()];
    const { id } = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    const [person, page] = await signedIn(id);
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await press(page, page.getByRole('link', { name: 'Webhooks' }));
    await page.getByText('No webhooks yet').waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);

    await press(page, button(page, 'New webhook'));
    expect(await page.getByLabel('Address').and(page.locator(':focus')).count()).toBe(1);
    await page.keyboard.type('ftp://example.com');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('must be an https address').waitFor();
    await page.getByLabel('Address').fill(receiver.url);
    expect(await faultsInEveryLook(page)).toEqual([]);
    await press(page, button(page, 'Create'));
    const secret = await page.locator('.secret-text').innerText();
    expect(secret).toMatch(/^whsec_/);
    expect(await faultsInEveryLook(page)).toEqual([]);
    await press(page, page.getByRole('link', { name: 'Send a test' }));

    await page.getByRole('heading', { name: receiver.url }).waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.getByLabel('Type').selectOption('user.message');
    await press(page, button(page, 'Send test'));
    await page
      .getByRole('status')
      .getByText(/^It answered 204 after/)
      .waitFor();
    expect(verify(receiver.deliveries[0] ?? ({} as never), secret)).toMatchObject({ type: 'user.message', test: true });

    receiver.answer = () => ({ status: 503, body: 'no room <b>now</b>' });
    await board.ingest(started(agent, call));
    const row = page.locator('.attempts-table tbody', { hasText: 'call.started' }).first();
    await row.getByText('Your server failed (503).').waitFor();
    await page.locator('.standing-failing').getByText('1 event waiting to be retried').waitFor();
    await press(page, row.getByRole('button', { name: 'Details: event 1' }));
    // A further try may stand above it by now.
    const opened = page.locator('.attempts-table tbody', { has: page.locator('.attempt-details') });
    await opened.locator('.response-body', { hasText: 'no room <b>now</b>' }).waitFor();
    await opened.getByRole('link', { name: call }).waitFor();
    await page.getByRole('link', { name: 'Webhooks 1 webhook needs attention' }).waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);

    receiver.answer = () => 204;
    await press(page, opened.getByRole('button', { name: 'Send again: event 1' }));
    await page.getByText('Event 1 will be sent again.').first().waitFor();
    await page.locator('.standing-active').waitFor();
    await page.getByText('Delivered · 204').first().waitFor();
    await page.getByRole('link', { name: /needs attention/ }).waitFor({ state: 'detached' });
    const ofCall = receiver.deliveries.filter(({ body }) => body.id === '1');
    expect(new Set(ofCall.map(({ id: name }) => name)).size).toBe(1);
    await page.getByText('Failed', { exact: true }).click();
    await page.getByText('Delivered · 204').first().waitFor({ state: 'detached' });
    await person.leave();
  });

  it('pauses, sends everything again from an event, rotates the secret and deletes, where it asks first', async () => {
    const [agent, call, receiver] = [fresh('mara'), fresh('CA'), await receive()];
    const { id } = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    await board.ingest(started(agent, call), ended(agent, call));
    const way = `/v1/admin/tenants/${id}/webhooks`;
    const { body: hook } = await board.admin<{ id: string }>('POST', way, { url: receiver.url, description: 'CRM' });
    const [person, page] = await signedIn(id);
    await page.goto(`${board.url}/webhooks`);
    await page.getByRole('link', { name: 'CRM' }).click();
    await button(page, 'Pause').click();
    await page.locator('.standing-paused').waitFor();
    await page.getByText('After an event').click();
    await page.getByLabel('After event').fill('0');
    await button(page, 'Send again').click();
    await page.getByText('Sending again from there: 2 events to go.').waitFor();
    expect(receiver.deliveries).toEqual([]);
    await button(page, 'Activate').click();
    await waitFor(() => receiver.ids.join() === '1,2', 'what came before the webhook was made');

    await button(page, 'New secret').click();
    await page.getByRole('dialog').getByRole('button', { name: 'New secret' }).click();
    const secret = await page.locator('.secret-text').innerText();
    await page.getByText(/^Both secrets are valid until/).waitFor();
    await button(page, 'Done').click();
    await button(page, 'Send test').click();
    await waitFor(() => receiver.deliveries.length === 3, 'the test');
    expect(verify(receiver.deliveries[2] ?? ({} as never), secret)).toMatchObject({ test: true });

    await button(page, 'Edit').click();
    await page.getByLabel('Only these types').fill('call.ended, rule.fired');
    await button(page, 'Save').click();
    await page.getByText('call.ended, rule.fired').waitFor();
    await button(page, 'Delete').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No webhooks yet').waitFor();
    expect((await board.admin('GET', `${way}/${hook.id}`)).status).toBe(404);
    await person.leave();
  });

  it('offers nothing of it to a session that may not, and to an operator under the customer', async () => {
    const receiver = await receive();
    const tenant = await board.createTenant({ id: fresh('tenant') });
    receiver.answer = () => 410;
    const reader = await Person.of(browser, board, tenant);
    const seen = await reader.watch('/webhooks');
    await seen.getByText('You cannot manage webhooks in this session').waitFor();
    expect(await seen.getByRole('link', { name: 'Webhooks' }).count()).toBe(0);
    await reader.leave();

    const [operator, page] = await signedIn(null);
    await page.goto(`${board.url}/admin/tenants/${tenant.id}`);
    await page.getByRole('link', { name: 'Manage webhooks' }).click();
    await button(page, 'New webhook').click();
    await page.getByLabel('Address').fill(receiver.url);
    await button(page, 'Create').click();
    await page.getByRole('link', { name: 'Send a test' }).click();
    await button(page, 'Send test').click();
    await page.getByText('It says that it is gone permanently (410).').waitFor();
    expect(await faultsInEveryLook(page)).toEqual([]);
    await operator.leave();
  });
});

/** Goes there by the Tab key, as somebody without a mouse does, and presses Enter. */
async function press(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  const isThere = async () => (await target.and(page.locator(':focus')).count()) === 1;
  for (let tabs = 0; tabs < 150 && !(await isThere()); tabs += 1) await page.keyboard.press('Tab');
  expect(await isThere()).toBe(true);
  await page.keyboard.press('Enter');
}
