/* global EventSource */
// Chromium's own EventSource, one a page, which nobody opens anew: it comes back by itself or not at all.
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

export class EventSources {
  #pages = new Map();

  static async start() {
    const paths = (process.env.PATH ?? '')
      .split(delimiter)
      .flatMap((folder) => NAMES.map((name) => join(folder, name)));
    const executablePath = process.env.CHROMIUM_PATH ?? paths.find((path) => existsSync(path));
    const sources = new EventSources();
    sources.browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    return sources;
  }

  async open(name, url) {
    const page = await this.browser.newPage();
    await page.goto(new URL('/healthz', url).href);
    await page.evaluate((address) => {
      const state = { ids: [], closed: 0 };
      const source = new EventSource(address);
      source.addEventListener('note.added', ({ lastEventId }) => state.ids.push(Number(lastEventId)));
      source.onerror = () => (state.closed += Number(source.readyState === EventSource.CLOSED));
      Object.assign(globalThis, { state, source });
    }, url);
    this.#pages.set(name, page);
  }

  /**
   * By name: the ids that came, its state (1: open, 0: reconnecting, 2: closed for good), how often it was told to give
   * up.
   */
  async heard() {
    const heard = {};
    for (const [name, page] of this.#pages)
      heard[name] = await page.evaluate(() => ({ ids: globalThis.state.ids, closed: globalThis.state.closed, state: globalThis.source.readyState })); // prettier-ignore
    return heard;
  }

  async close(name) {
    await this.#pages.get(name)?.close();
    this.#pages.delete(name);
  }

  stop() {
    return this.browser.close();
  }
}
