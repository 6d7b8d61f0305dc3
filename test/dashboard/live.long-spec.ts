/** The live page in a real browser: whose calls it shows, and how they grow. */
import type { Browser } from 'playwright-core';
import { describeInChromium, startChromium } from '../support/chromium.js';
import { ended, said, started } from '../support/calls.js';
import { sseFrames } from '../support/recordings.js';
import { Switchboard } from '../support/switchboard.js';
import { fresh, word } from '../support/things.js';
import { waitFor } from '../support/wait-for.js';
import { Person, rowsOf } from './person.js';

const speaks = (agent: string, callId: string, messageId: string, text: string) => ({
  event: 'bot.speaking',
  agent,
  callId,
  messageId,
  text,
});

describeInChromium('the live page', () => {
  let board: Switchboard;
  let browser: Browser;
  beforeAll(async () => {
    [board, browser] = await Promise.all([Switchboard.start(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await board?.stop();
  });

  /** A customer with one agent, and somebody of theirs who watches. */
  async function customer() {
    const agent = fresh('agent');
    const tenant = await board.createTenant({ id: fresh('tenant'), agents: [agent] });
    const person = await Person.of(browser, board, tenant);
    return { agent, tenant, person };
  }

  it('has the last line of each call also for somebody who comes late, as it was corrected', async () => {
    const { agent, person } = await customer();
    const [one, other] = [fresh('c'), fresh('c')];
    await board.ingest(
      started(agent, one, { from: '+111' }),
      said(agent, one, 'u1', 'Is it open today?'),
      started(agent, other, { from: '+222' }),
      speaks(agent, other, 'b1', 'It opens at ten.'),
      { event: 'bot.corrected', agent, callId: other, messageId: 'b1', text: 'It opens at nine.' },
    );
    const page = await person.watch();
    await waitFor(async () => {
      const rows = (await rowsOf(page)).join('\n');
      return rows.includes('Is it open today?') && rows.includes('It opens at nine.');
    }, 'the last lines of both calls');
    await person.leave();
  });

  it('shows each of two customers its own calls and nobody else’s, while a recording plays', async () => {
    const mine = await board.createTenant({ id: fresh('tenant'), agents: ['mara'] });
    const theirs = await board.createTenant({ id: fresh('tenant'), agents: ['julia', 'sol'] });
    const [me, they] = await Promise.all([mine, theirs].map((tenant) => Person.of(browser, board, tenant)));
    if (me === undefined || they === undefined) throw new Error('nobody watches');
    const [myPage, theirPage] = await Promise.all([me.watch(), they.watch()]);
    const frames = sseFrames.filter(({ type }) => type !== 'connected');
    const seen = { mine: '', theirs: '' };
    for (let at = 0; at < frames.length; at += 25) {
      await board.ingest(...frames.slice(at, at + 25).map(({ type, data }) => ({ ...data, event: type })));
      seen.mine += await myPage.locator('body').innerText();
      seen.theirs += await theirPage.locator('body').innerText();
    }
    const callers = (ofMara: boolean) => [
      ...new Set(
        frames
          .filter(({ type, data }) => type === 'call.started' && (data['agent'] === 'mara') === ofMara)
          .map(({ data }) => String(data['from'])),
      ),
    ];
    const shows = async (page: typeof myPage, wanted: string[]) => {
      const text = (await rowsOf(page)).join('\n');
      return wanted.every((one) => text.includes(one));
    };
    await waitFor(() => shows(myPage, callers(true)), 'my calls');
    await waitFor(() => shows(theirPage, callers(false)), 'their calls');
    seen.mine += await myPage.locator('body').innerText();
    seen.theirs += await theirPage.locator('body').innerText();
    for (const foreign of [...callers(false), 'with julia', 'with sol']) expect(seen.mine).not.toContain(foreign);
    for (const foreign of [...callers(true), 'with mara']) expect(seen.theirs).not.toContain(foreign);
    await Promise.all([me.leave(), they.leave()]);
  });

  it('shows no call whose end came before its start, whether it saw the end or not', async () => {
    const { agent, person } = await customer();
    const [unseen, seen, going] = [fresh('unseen'), fresh('seen'), fresh('going')];
    const long = { at: new Date(Date.now() - 60_000).toISOString() };
    await board.ingest(ended(agent, unseen));
    const page = await person.watch();
    await board.ingest(ended(agent, seen), started(agent, seen, { from: '+34111', ...long }));
    await board.ingest(started(agent, unseen, { from: '+34222', ...long }), started(agent, going, { from: '+34333' }));
    await waitFor(async () => (await rowsOf(page)).length === 1, 'the one call that goes on');
    expect((await rowsOf(page)).join()).toContain('+34333');
    await person.leave();
  });

  it('grows word by word, and shows tools and interruptions', async () => {
    const { agent, person } = await customer();
    const call = fresh('call');
    const page = await person.watch();
    await board.ingest({
      event: 'call.ringing',
      agent,
      callId: call,
      from: '+34600',
      to: '+34900',
      direction: 'inbound',
    });
    await page.locator('.live-panel .turn-ringing').waitFor();
    await board.ingest(started(agent, call), speaks(agent, call, 'b1', ''));
    await board.ingest(word(agent, call, 'Good')).then(() => board.ingest(word(agent, call, 'evening')));
    await page.locator('.live-panel .turn-speaking').waitFor();
    await page.locator('.live-panel .bubble-now', { hasText: 'Good evening' }).waitFor();
    await board.ingest({ event: 'bot.interrupted', agent, callId: call, messageId: 'b1', text: '' });
    await board.ingest({ event: 'user.speaking', agent, callId: call, messageId: 'u1', text: 'Wait, a table' });
    await page.locator('.live-panel .bubble-now', { hasText: 'Wait, a table' }).waitFor();
    await board.ingest(
      said(agent, call, 'u1', 'Wait, a table for two'),
      { event: 'tool.call', agent, callId: call, id: 't1', name: 'book_table', args: { people: 2 } },
      { event: 'tool.result', agent, callId: call, id: 't1', name: 'book_table', result: { table: 7 }, ms: 120 },
      { event: 'message.confirmed', agent, callId: call, messageId: 'b1', text: 'Good evening' },
    );
    await page.locator('.live-panel .bubble', { hasText: 'Wait, a table for two' }).waitFor();
    await page.locator('.line', { hasText: 'Good evening' }).getByText('interrupted').waitFor();
    const tool = page.locator('.tool', { hasText: 'book_table' });
    expect(await tool.innerText()).toMatch(/people: 2[\s\S]*120 ms[\s\S]*table: 7/);
    await board.ingest(ended(agent, call));
    await page.locator('.live-panel .turn-ended').waitFor();
    await person.leave();
  });

  it('shows a late joiner the end of a long call at once, goes on from there, and shows what was before when asked', async () => {
    const { agent, person } = await customer();
    const call = fresh('call');
    const lines = Array.from({ length: 600 }, (_, index) => said(agent, call, `m${index}`, `line ${index}`));
    await board.ingest(started(agent, call), ...lines);
    const page = await person.watch();
    await page.locator('.line', { hasText: /line 599/ }).waitFor();
    await board.ingest(said(agent, call, 'm600', 'line 600'));
    await page.locator('.line', { hasText: /line 600/ }).waitFor();
    const texts = () => page.locator('.live-panel .bubble').allInnerTexts();
    expect(await texts()).toHaveLength(501);
    await page.getByRole('button', { name: 'Show earlier' }).click();
    await page.locator('.bubble', { hasText: /^line 0$/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Show earlier' }).count()).toBe(0);
    expect(await texts()).toEqual(Array.from({ length: 601 }, (_, index) => `line ${index}`));
    await person.leave();
  });

  it('takes a call that is erased off the page, with every word of it, for customer and operator alike', async () => {
    const { agent, person } = await customer();
    const operator = await Person.of(browser, board, { token: board.adminToken });
    const [gone, stays] = [fresh('call'), fresh('call')];
    await board.ingest(started(agent, gone, { from: '+1007' }), said(agent, gone, 'm1', 'a secret word'));
    await board.ingest(started(agent, stays, { from: '+1008' }));
    const pages = [await person.watch(`/live/${gone}`), await operator.watch(`/admin/live/${gone}`)];
    for (const page of pages) await page.getByText('a secret word').first().waitFor();
    await board.admin('DELETE', `/v1/admin/calls/${gone}`);
    for (const page of pages) {
      await page.getByText('The call was erased').waitFor();
      expect(await page.getByText(/a secret word|\+1007/).count()).toBe(0);
      await page.locator('.live-row', { hasText: '+1008' }).waitFor();
    }
    await Promise.all([person.leave(), operator.leave()]);
  });

  it('follows the newest call until the viewer picks one', async () => {
    const { agent, person } = await customer();
    const [first, second, third] = [fresh('call'), fresh('call'), fresh('call')];
    const page = await person.watch();
    const title = page.locator('.panel-title');
    await board.ingest(started(agent, first, { from: '+1001' }));
    await title.filter({ hasText: '+1001' }).waitFor();
    await board.ingest(started(agent, second, { from: '+1002' }));
    await title.filter({ hasText: '+1002' }).waitFor();
    await page.locator('.live-row', { hasText: '+1001' }).click();
    await title.filter({ hasText: '+1001' }).waitFor();
    await board.ingest(started(agent, third, { from: '+1003' }));
    await page.locator('.live-row', { hasText: '+1003' }).waitFor();
    expect(await title.innerText()).toBe('+1001');
    await page.getByRole('link', { name: 'Follow the newest' }).click();
    await title.filter({ hasText: '+1003' }).waitFor();
    await person.leave();
  });

  it('shows what callers say as text, whatever it looks like', async () => {
    const { agent, person } = await customer();
    const call = fresh('call');
    const hostile = [
      '<img src=x onerror="document.title=\'owned\'">',
      '</script><script>document.title="owned"</script>',
      `"quotes" 'and' &amp; \`more\` {{braces}}`,
      'مرحبا، أريد حجز طاولة',
      'emoji 👩‍👩‍👧‍👦 and \u202e turned around',
    ];
    await board.ingest(
      started(agent, call, { from: '<b>+34</b>' }),
      ...hostile.map((text, index) => said(agent, call, `m${index}`, text)),
      { event: 'tool.call', agent, callId: call, id: 't', name: '<i>tool</i>', args: { x: '<img src=x onerror=1>' } },
    );
    const page = await person.watch(`/live/${call}`);
    await page.locator('.line', { hasText: 'turned around' }).waitFor();
    expect(await page.locator('.live-panel .bubble').allTextContents()).toEqual(hostile);
    expect(await page.locator('.panel-title').textContent()).toBe('<b>+34</b>');
    expect(await page.locator('.live-panel :is(img, script, b, i)').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    await person.leave();
  });
});
