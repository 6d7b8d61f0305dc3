/** The page of events in a real browser: the stream as it comes, narrowed by clicks, and the code that reads the same. */
import type { Browser, Page } from 'playwright-core';
import { said, started } from '../support/calls.js';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person, isLive } from './person.js';

describeInChromium('the page of events', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  async function watcher() {
    const agents = [fresh('mara'), fresh('sol')] as const;
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [...agents] });
    const person = await Person.of(browser, board, tenant);
    await person.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await person.watch('/inspector');
    // The page itself comes after the connection.
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    return { agents, tenant, person, page };
  }

  const typesOn = (page: Page) => page.locator('.event-row .event-type').allInnerTexts();
  const copied = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()');

  it('is narrowed by clicks, keeps that in its address, and names the line that reads the same', async () => {
    const { agents, person, page } = await watcher();
    const call = fresh('c');
    await board.ingest(
      started(agents[0], call),
      said(agents[0], call, 'u1', 'Is there a table?'),
      started(agents[1], fresh('c')),
    );
    await waitFor(async () => (await typesOn(page)).filter((type) => type === 'call.started').length === 2, 'both');
    await page.locator('.event-row', { hasText: 'user.message' }).click();
    await page.getByRole('button', { name: `Only ${agents[0]}` }).click();
    await page.locator('.event-menu', { hasText: 'Type' }).locator('summary').click();
    await page.getByLabel('call.started').check();
    expect(await typesOn(page)).toEqual(['call.started']);
    expect(new URL(page.url()).searchParams.getAll('agents')).toEqual([agents[0]]);
    await page.reload();
    await isLive(page);
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    await board.ingest(started(agents[1], fresh('c')), started(agents[0], fresh('c')));
    await page.locator('.event-row').first().waitFor();
    expect(await typesOn(page)).toEqual(['call.started']);
    await page.getByText('Read this stream from your code').click();
    const line = await page.locator('.event-line-code').first().innerText();
    expect(line).toBe(`new EventSource("${board.url}/v1/events?agents=${agents[0]}&types=call.started")`);
    const heard = page.evaluate<string>(`new Promise((heard) => {
      const stream = ${line};
      stream.addEventListener('connected', () => (document.title = 'reads'));
      stream.addEventListener('call.started', ({ data }) => (stream.close(), heard(JSON.parse(data).agent)));
    })`);
    await waitFor(async () => (await page.title()) === 'reads', 'the line to be connected');
    await board.ingest(started(agents[1], fresh('c')), started(agents[0], fresh('c')));
    expect(await heard).toBe(agents[0]);
    await person.leave();
  });

  it('shows an event’s data, and copies it and the request that answers it', async () => {
    const { agents, tenant, person, page } = await watcher();
    const call = fresh('c');
    await board.ingest(started(agents[0], call));
    await page.locator('.event-row', { hasText: 'call.started' }).click();
    expect(await page.locator('.event-json').innerText()).toContain(`"callId": "${call}"`);
    await page.getByRole('button', { name: 'Copy JSON' }).click();
    await page.getByText('Copied').waitFor();
    const event = JSON.parse(await copied(page)) as { id: string; data: object };
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await waitFor(async () => (await copied(page)).startsWith('curl'), 'the request');
    const url = /'(.+)'$/.exec(await copied(page))?.[1] ?? '';
    const { body } = await board.request<{ events: object[] }>('GET', url.slice(board.url.length), tenant);
    expect(body.events).toEqual([expect.objectContaining({ id: event.id, type: 'call.started', data: event.data })]);
    await person.leave();
  });

  it('stands still while it is paused, counts what comes meanwhile, and has it afterwards', async () => {
    const { agents, person, page } = await watcher();
    await board.ingest(started(agents[0], 'before'));
    await page.locator('.event-row', { hasText: 'call.started' }).waitFor();
    await page.keyboard.press('p');
    const stood = await typesOn(page);
    await board.ingest(...Array.from({ length: 12 }, (_, index) => said(agents[0], 'before', `u${index}`, 'more')));
    await page.getByText('12 new').waitFor();
    expect(await typesOn(page)).toEqual(stood);
    await page.getByRole('button', { name: 'Resume' }).click();
    await waitFor(async () => (await typesOn(page))[0] === 'user.message', 'what came meanwhile');
    await person.leave();
  });

  it('keeps a bounded list in a flood, and moves no row away under the pointer', async () => {
    const { agents, person, page } = await watcher();
    const flood = (count: number) =>
      board.ingest(...Array.from({ length: count }, () => said(agents[0], 'flood', fresh('u'), 'once more')));
    await flood(1000);
    await waitFor(async () => /1,00\d received/.test(await page.locator('.count-tag').innerText()), 'the first');
    await page.locator('.event-row').nth(3).hover();
    const pointed = await page.locator('.event-row').nth(3).innerText();
    await flood(1000);
    await waitFor(async () => /2,00\d received/.test(await page.locator('.count-tag').innerText()), 'the second');
    // A pointer that rests for long is idle; one that has just moved is about to click.
    await page
      .locator('.event-row')
      .nth(3)
      .hover({ position: { x: 40, y: 12 } });
    expect(await page.locator('.event-row').nth(3).innerText()).toBe(pointed);
    await page.mouse.move(0, 0);
    await flood(100);
    await waitFor(async () => (await page.locator('.event-row').nth(3).innerText()) !== pointed, 'the newest');
    expect(await page.locator('.event-row').count()).toBeLessThan(80);
    await person.leave();
  });

  it('names the customer of each event to an operator, and reads an address that names one', async () => {
    const agent = fresh('nora');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    const operator = await Person.of(browser, board, { token: board.adminToken });
    const page = await operator.watch(`/admin/inspector?tenants=${tenant.id}`);
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    await board.ingest(started(fresh('nobody'), fresh('c')), started(agent, fresh('c')));
    await page.locator('.event-row').first().waitFor();
    expect(await page.locator('.event-row .event-agent').allInnerTexts()).toEqual([agent]);
    expect(await page.locator('.event-row .tenant-tag').allInnerTexts()).toEqual([tenant.id]);
    await operator.leave();
  });
});
