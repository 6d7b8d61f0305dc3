/** What a client asks of a server that is a process of its own, and that may be dead at the moment. */
import { retrying } from './writers.js';

export class HttpClient {
  constructor(
    /** Of the server that is asked. */
    public url: string,
    private readonly token: string,
  ) {}

  /** Rejects unless it is answered with a 2xx. */
  async ask<Body = unknown>(method: string, path: string, body?: unknown): Promise<Body> {
    const { status, text } = await this.send(method, path, body);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
    return (text.startsWith('{') ? JSON.parse(text) : text) as Body;
  }

  /** Asks again while nobody answers, or the server has no room now. What is asked must be safe to repeat. */
  async insist<Body = unknown>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await retrying(async () => {
      const got = await this.send(method, path, body).catch((error: Error) => {
        // What fetch calls a connection that was refused or broke, and our own deadline.
        if (error.name !== 'TypeError' && error.name !== 'TimeoutError') throw error;
        return undefined;
      });
      return got === undefined || got.status === 503 || got.status === 429 ? undefined : got;
    });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text) as Body;
  }

  private async send(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }
}
