/** The player of a recording, and the desk of a call in progress, as people use them. */
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { DESK_SCOPES, DeskPlace, wavOf } from '../support/desk-place.js';
import { endCall } from '../support/pinecall2-desk.js';
import type { TestTenant } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person } from './person.js';

const WAV = { contentType: 'audio/wav' };

describeInChromium('recordings and the desk', () => {
  let place: DeskPlace;
  let browser: Browser;
  beforeAll(async () => {
    [place, browser] = await Promise.all([DeskPlace.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await place?.stop();
  });
  beforeEach(() => {
    for (const trouble of Object.keys(place.gateway.desk)) delete place.gateway.desk[trouble as 'redirectTo'];
    Object.assign(place.gateway.desk, WAV);
    place.gateway.verbs.splice(0);
  });

  /** Signed in, with a token for changes as after a sign-in by link. */
  async function person(tenant: Pick<TestTenant, 'token'>): Promise<Person> {
    const one = await Person.of(browser, place.board, tenant);
    const keep = `sessionStorage.setItem('switchboard.token', ${JSON.stringify(tenant.token)})`;
    await one.context.addInitScript(`if (location.protocol === 'http:') ${keep}`);
    return one;
  }

  const time = (page: Page) => page.locator('.replay-time').innerText();
  const holder = (page: Page, text: string) => page.locator('.desk-holder', { hasText: text }).waitFor();
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  it('a recording plays, is gone through by its lines and by keys, and its line is marked', async () => {
    const customer = await place.customer();
    const one = await person(customer);
    const call = await place.recorded(customer, wavOf(20));
    const page = await one.watch(`/calls/${call}`);
    await page.getByRole('region', { name: 'Recording' }).waitFor();
    await page.locator('.replay-time', { hasText: '0:00 / 0:20' }).waitFor();
    expect(await page.getByRole('region', { name: 'Replay' }).count()).toBe(0);
    expect(await page.locator('.line-said').count()).toBe(2);
    await page.locator('.line', { hasText: 'late ferry' }).locator('.bubble').click();
    await page.locator('.line[aria-current="true"]', { hasText: 'late ferry' }).waitFor();
    const range = page.getByRole('slider', { name: 'Position in the recording' });
    await range.focus();
    await page.keyboard.press('Home');
    await page.locator('.replay-time', { hasText: '0:00 / 0:20' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('.line[aria-current="true"]', { hasText: 'good morning' }).waitFor();
    expect(await time(page)).toBe('0:01 / 0:20');
    await press(page, 'Play');
    await page.locator('.replay-time', { hasText: '0:03 / 0:20' }).waitFor();
    await press(page, 'Pause');
    expect(await page.locator('.line-said').count()).toBe(2);
    await one.leave();
  });

  it('a recording that its source does not send says so, and is tried again', async () => {
    const customer = await place.customer();
    const one = await person(customer);
    const call = await place.recorded(customer, wavOf(20));
    place.gateway.desk.recordingStatus = 500;
    const page = await one.watch(`/calls/${call}`);
    await page.getByRole('alert').filter({ hasText: 'cannot be had from its source' }).waitFor();
    place.gateway.desk.recordingStatus = undefined;
    await press(page, 'Try again');
    await page.locator('.replay-time', { hasText: '/ 0:20' }).waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await one.leave();
  });

  it('neither is offered to who may not, nor the desk where the source takes nothing', async () => {
    const customer = await place.customer();
    const reader = await person(await place.board.createToken(customer.id, { scopes: ['events:read'] }));
    const recorded = await place.recorded(customer, wavOf(5));
    const page = await reader.watch(`/calls/${recorded}`);
    await page.getByRole('region', { name: 'Replay' }).waitFor();
    expect(await page.getByRole('region', { name: 'Recording' }).count()).toBe(0);
    const { call } = await place.begin(customer);
    const live = await reader.watch(`/live/${call}`);
    await live.locator('.panel-foot').waitFor();
    expect(await live.locator('.desk').count()).toBe(0);
    const one = await person(customer);
    const elsewhere = fresh('call');
    await place.board.ingest({ event: 'call.started', agent: customer.agent, callId: elsewhere });
    const asked = one.context.waitForEvent('response', (response) => response.url().endsWith('/verbs'));
    const other = await one.watch(`/live/${elsewhere}`);
    await (await asked).finished();
    await other.locator('.panel-foot').waitFor();
    expect(await other.locator('.desk').count()).toBe(0);
    await Promise.all([reader.leave(), one.leave()]);
  });

  it('two supervisors take a call from each other, and both see who has it', async () => {
    const customer = await place.customer();
    const second = await place.board.createToken(customer.id, { scopes: DESK_SCOPES });
    const [ana, ben] = [await person(customer), await person(second)];
    const { call } = await place.begin(customer);
    const [hers, his] = [await ana.watch(`/live/${call}`), await ben.watch(`/live/${call}`)];
    await Promise.all([holder(hers, 'The agent has the call'), holder(his, 'The agent has the call')]);
    await hers.getByLabel('Your name for colleagues').fill('Ana');
    await his.getByLabel('Your name for colleagues').fill('Ben');
    await press(hers, 'Take over');
    await Promise.all([holder(hers, 'You have the call'), holder(his, 'Ana has the call')]);
    await press(his, 'Take over');
    const dialog = his.getByRole('dialog', { name: 'Take the call from Ana?' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(place.gateway.verbs).toHaveLength(1);
    await press(his, 'Take over');
    await dialog.getByRole('button', { name: 'Take over' }).click();
    await Promise.all([holder(his, 'You have the call'), holder(hers, 'Ben has the call')]);
    await press(his, 'Give back');
    await Promise.all([holder(his, 'The agent has the call'), holder(hers, 'The agent has the call')]);
    await Promise.all([ana.leave(), ben.leave()]);
  });

  it('says, whispers, transfers and ends, asks before it cuts a caller off, and says what went wrong', async () => {
    const customer = await place.customer();
    const one = await person(customer);
    const log = await place.begin(customer);
    const page = await one.watch(`/live/${log.call}`);
    const words = page.getByLabel('Message');
    await words.fill('Offer the early one.');
    await press(page, 'Whisper');
    await page.getByText('Only the agent hears it.').waitFor();
    expect(await words.inputValue()).toBe('');
    await words.fill('One moment, please.');
    await page.keyboard.press('Enter');
    await page.getByText('The agent will say it.').waitFor();
    await page.locator('.line', { hasText: 'One moment, please.' }).waitFor();
    place.gateway.desk.verbStatus = 500;
    await words.fill('Lost?');
    await press(page, 'Say');
    await page.locator('.desk-said.field-error', { hasText: 'does not answer' }).waitFor();
    expect(await words.inputValue()).toBe('Lost?');
    place.gateway.desk.verbStatus = undefined;
    await press(page, 'Transfer …');
    await page.getByRole('dialog').getByLabel('To').fill('+34910000000');
    await page.getByLabel('After speaking to that person').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Transfer' }).click();
    await page.getByText('The call is being transferred.').waitFor();
    await press(page, 'End call …');
    await page.getByRole('dialog').getByRole('button', { name: 'End call' }).click();
    await waitFor(() => place.gateway.verbs.length === 4);
    expect(place.gateway.verbs.map(({ body }) => body)).toEqual([
      { verb: 'whisper', text: 'Offer the early one.' },
      { verb: 'say', text: 'One moment, please.' },
      { verb: 'transfer', to: '+34910000000', mode: 'warm' },
      { verb: 'end' },
    ]);
    endCall(place.gateway, log);
    await page.locator('.panel-ended').waitFor();
    expect(await page.locator('.desk').count()).toBe(0);
    await one.leave();
  });

  it.each(['light', 'dark'] as const)('has no fault that axe can find, and fits a phone, %s', async (colorScheme) => {
    const customer = await place.customer();
    const one = await person(customer);
    const [recorded, { call }] = [await place.recorded(customer, wavOf(20)), await place.begin(customer)];
    for (const [path, width, seen] of [
      [`/calls/${recorded}`, 1440, '.replay-time'],
      [`/calls/${recorded}`, 390, '.replay-time'],
      [`/live/${call}`, 1440, '.desk'],
      [`/live/${call}`, 390, '.desk'],
    ] as const) {
      const page = await one.watch(path);
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.locator(seen).waitFor();
      await page.evaluate(axe.source);
      const found = await page.evaluate('axe.run(document).then(({ violations }) => violations)');
      expect([path, width, found]).toEqual([path, width, []]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await page.close();
    }
    await one.leave();
  });
});
