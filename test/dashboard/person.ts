/** Somebody at a browser: a profile of one's own, whose pages must not complain. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Switchboard, TestTenant } from '../support/switchboard.js';

/** What a browser says of an answer that a test provokes: a 401 after a revocation, a server that is away. */
const EXPECTED = /Failed to load resource|net::ERR_/;

export class Person {
  /** Faults of the page: exceptions, violations of its CSP. */
  readonly complaints: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly url: string,
  ) {}

  /** A visitor whom the server does not know. */
  static async visiting(browser: Browser, url: string, options: { dark?: boolean } = {}): Promise<Person> {
    const colorScheme = options.dark ? 'dark' : 'light';
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme });
    context.setDefaultTimeout(60_000);
    const person = new Person(context, url);
    context.on('page', (page) => {
      page.on('pageerror', (error) => person.complaints.push(error.message));
      page.on('console', (entry) => {
        if (entry.type() === 'error' && !EXPECTED.test(entry.text())) person.complaints.push(entry.text());
      });
    });
    return person;
  }

  /** Somebody who has signed in with a token. */
  static async of(browser: Browser, { url }: Pick<Switchboard, 'url'>, { token }: Pick<TestTenant, 'token'>) {
    const person = await Person.visiting(browser, url);
    await person.context.request.post(`${url}/v1/session`, { headers: { Authorization: `Bearer ${token}` } });
    return person;
  }

  async open(path: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(`${this.url}${path}`);
    return page;
  }

  /** Opens a page and waits until it is live. */
  async watch(path = '/live'): Promise<Page> {
    const page = await this.open(path);
    await isLive(page);
    return page;
  }

  async leave(): Promise<void> {
    await this.context.close();
    if (this.complaints.length > 0) throw new Error(`the page complained: ${this.complaints.join('\n')}`);
  }
}

/** Until the page says that it is connected. */
export function isLive(page: Page): Promise<void> {
  return page.locator('.connection-live').waitFor();
}

/** The rows of calls in progress, as text. */
export async function rowsOf(page: Page): Promise<string[]> {
  return page.locator('.live-row').allInnerTexts();
}
