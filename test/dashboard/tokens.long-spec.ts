/** The page of the tokens in a real browser: a program's token is rolled, and people are told from programs. */
import type { Browser, Page } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { faultsInEveryLook } from './layout.js';
import { Person, isLive } from './person.js';

describeInChromium('the page of the tokens', () => {
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

  const statusOf = async (token: string) => (await board.request('GET', '/v1/me', { token })).status;
  const shownToken = async (page: Page) => (await page.locator('.secret-text').first().innerText()).trim();
  const people = (page: Page) => page.getByRole('table', { name: 'People signed in' });

  it('lets every tab of a sign-in make changes, also when the tab’s own token has ended', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant') });
    const [person] = await signedIn(id);
    const page = await person.watch('/tokens');
    const create = async (name: string) => {
      await page.getByRole('button', { name: 'New token' }).click();
      await page.getByLabel('Name').fill(name);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByRole('heading', { name: `“${name}” is ready` }).waitFor();
      await page.getByRole('button', { name: 'Done' }).click();
    };
    await create('Of another tab');
    // As a token that has ended looks to the server.
    await page.evaluate(`sessionStorage.setItem('switchboard.token', 'e30.e30.e30')`);
    await page.reload();
    await create('Of a tab that slept');
    expect(await people(page).getByRole('row').count()).toBe(2);
    await person.leave();
  });

  it('is where a link is taken that is opened in a tab of the page', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant') });
    const { body } = await board.admin<{ url: string }>('POST', `/v1/admin/tenants/${id}/sign-in-links`, {});
    const person = await Person.visiting(browser, board.url);
    const page = await person.open('/');
    await page.getByLabel('Access token').waitFor();
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(body.url).hash)}`);
    await page.getByRole('button', { name: 'Open Switchboard' }).click();
    await isLive(page);
    expect(page.url()).not.toContain('code=');
    await person.leave();
  });

  it('rolls a program’s token with the overlap that was chosen, and shows the new one once', async () => {
    const { id, token } = await board.createTenant({ id: fresh('tenant'), agents: [fresh('mara')] });
    const [person, page] = await signedIn(id);
    await page.getByRole('link', { name: 'Tokens' }).click();
    await page.getByRole('button', { name: 'Roll test' }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll “test”?' });
    expect(await dialog.getByRole('radio', { name: 'A day' }).isChecked()).toBe(true);
    expect(await faultsInEveryLook(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'Roll test' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Roll test' }).click();
    await dialog.getByText('No time').click();
    await dialog.getByRole('button', { name: 'Roll' }).click();
    await page.getByRole('heading', { name: '“test” is ready' }).waitFor();
    const rolled = await shownToken(page);
    expect([await statusOf(token), await statusOf(rolled)]).toEqual([401, 200]);
    expect(await faultsInEveryLook(page)).toEqual([]);
    await page.getByRole('button', { name: 'Done' }).click();
    await waitFor(async () => (await page.locator('.token-gone').count()) === 1, 'the old one, revoked');
    expect(await page.content()).not.toContain(rolled);
    await page.reload();
    await page.getByRole('button', { name: 'Roll test' }).waitFor();
    expect(await page.content()).not.toContain(rolled);
    await person.leave();
  });

  it('shows which token reads now, and code for each way to use a new one', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant'), agents: [fresh('mara')] });
    const [person, page] = await signedIn(id);
    await page.getByRole('link', { name: 'Tokens' }).click();
    const openOf = async (name: RegExp) =>
      (await page.getByRole('row', { name }).locator('[data-label="Open streams"]').innerText()).trim();
    await waitFor(async () => (await openOf(/^test/)) === 'None', 'that nothing reads with the token');
    // The page itself reads by the session of who looks.
    await waitFor(async () => (await openOf(/This session/)) === '1', 'the stream of the page itself');

    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByLabel('Name').fill('wallboard');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: '“wallboard” is ready' }).waitFor();
    const reader = await board.open('/v1/events', { token: await shownToken(page) });
    await waitFor(async () => (await openOf(/^wallboard/)) === '1', 'the stream that was opened');
    for (const name of ['Browser', 'React', 'Node server', 'Python server']) {
      await page.locator('.created-choice').getByText(name, { exact: true }).click();
      expect(await page.getByText('CORS_ORIGINS').count()).toBe(name.endsWith('server') ? 0 : 1);
      expect(await faultsInEveryLook(page)).toEqual([]);
    }
    reader.close();
    await waitFor(async () => (await openOf(/^wallboard/)) === 'None', 'that it has ended');
    await person.leave();
  });

  it('lists people apart from programs, and marks the session that looks', async () => {
    const { id } = await board.createTenant({ id: fresh('tenant'), agents: [fresh('mara')] });
    const [other] = await signedIn(id);
    const [person, page] = await signedIn(id);
    await page.goto(`${board.url}/tokens`);
    await people(page).waitFor();
    expect(await people(page).getByRole('row').count()).toBe(3);
    expect(await people(page).getByText('This session').count()).toBe(1);
    expect(await people(page).getByRole('button', { name: /^Roll/ }).count()).toBe(0);
    expect(
      await people(page)
        .getByRole('button', { name: /^Revoke/ })
        .count(),
    ).toBe(2);
    const programs = page.getByRole('table', { name: 'Your tokens' });
    expect(await programs.getByRole('rowheader').allInnerTexts()).toEqual(['test']);
    expect(await faultsInEveryLook(page)).toEqual([]);
    await Promise.all([other.leave(), person.leave()]);
  });

  it('does not end a session by rolling the token that it was made with', async () => {
    const scopes = ['events:read', 'agents:read', 'tokens:write'];
    const { id, token } = await board.createTenant({ id: fresh('tenant'), scopes });
    const person = await Person.of(browser, board, { token });
    const page = await person.watch('/tokens');
    await page.getByRole('row', { name: /test This session/ }).waitFor();
    await page.getByRole('button', { name: 'Roll test' }).click();
    const dialog = page.getByRole('dialog', { name: 'Roll “test”?' });
    expect(await dialog.getByRole('radio').count()).toBe(3);
    await dialog.getByText('An hour').click();
    await dialog.getByRole('button', { name: 'Roll' }).click();
    // The session may only look, so the page asks for a token that may write.
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByRole('heading', { name: '“test” is ready' }).waitFor();
    expect([await statusOf(token), await statusOf(await shownToken(page))]).toEqual([200, 200]);
    const { body } = await board.admin<{ tokens: object[] }>('GET', `/v1/admin/tenants/${id}/tokens`);
    expect(body.tokens).toHaveLength(2);
    await person.leave();
  });

  it('of a customer and of the platform rolls for operators, too', async () => {
    const { id, token } = await board.createTenant({ id: fresh('tenant'), agents: [fresh('mara')] });
    const body = { name: 'publisher', scopes: ['events:write'] };
    await board.admin('POST', '/v1/admin/tokens', body);
    const [person, page] = await signedIn(null);
    for (const [path, name] of [[`/admin/tenants/${id}`, 'test'] as const, ['/admin/access', 'publisher'] as const]) {
      await page.goto(`${board.url}${path}`);
      await page.getByRole('button', { name: `Roll ${name}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Roll' }).click();
      await page.getByText(`“${name}” is ready`).waitFor();
      expect(await shownToken(page)).toMatch(/^eyJ/);
      expect(await faultsInEveryLook(page)).toEqual([]);
    }
    expect(await people(page).getByText('This session').count()).toBe(1);
    expect(await statusOf(token)).toBe(200);
    await person.leave();
  });
});
