/** What tests of webhooks do: a tenant with an agent and an endpoint, and what became of what it was sent. */
import { query } from './database.js';
import { type Answer, type Switchboard, type TestTenant, expectStatus } from './switchboard.js';
import { fresh } from './things.js';
import { waitFor } from './wait-for.js';
import { WebhookReceiver } from './webhook-receiver.js';

export interface Made {
  readonly id: string;
  readonly secret: string;
  readonly status: string;
  readonly cursor: string;
  readonly behind: number;
  readonly waiting: number;
  readonly lastFailure: { status: number | null; reason: string } | null;
}

export interface Place {
  readonly tenant: TestTenant;
  readonly agent: string;
  readonly receiver: WebhookReceiver;
  readonly hook: Made;
}

interface Attempt {
  readonly event: string;
  readonly callId: string | null;
  readonly status: number | null;
  readonly reason: string | null;
  readonly response: string | null;
  readonly next: string | null;
}

export class WebhookPlaces {
  private readonly receivers: WebhookReceiver[] = [];

  constructor(private readonly board: Switchboard) {}

  async stop(): Promise<void> {
    await Promise.all(this.receivers.map((receiver) => receiver.stop()));
  }

  async receive(): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start();
    this.receivers.push(receiver);
    return receiver;
  }

  async place(options: object = {}): Promise<Place> {
    const agent = fresh('mara');
    const scopes = ['webhooks:write', 'events:read'];
    const tenant = await this.board.createTenant({ agents: [agent], scopes });
    const receiver = await this.receive();
    return { tenant, agent, receiver, hook: await this.make(tenant, { url: receiver.url, ...options }) };
  }

  ask<Body = Made>({ token }: TestTenant, method: string, path: string, body?: unknown): Promise<Answer<Body>> {
    return this.board.request<Body>(method, `/v1/webhooks${path}`, { token, body });
  }

  async make(tenant: TestTenant, body: object): Promise<Made> {
    return (await expectStatus(201, this.ask(tenant, 'POST', '', body))).body;
  }

  async look({ tenant, hook }: Place): Promise<Made> {
    return (await this.ask(tenant, 'GET', `/${hook.id}`)).body;
  }

  /** Resolves when the endpoint was sent everything, and nothing waits. */
  async settled(place: Place): Promise<void> {
    const isDone = async () => {
      const { behind, waiting } = await this.look(place);
      return behind === 0 && waiting === 0;
    };
    await waitFor(isDone, 'everything to be sent');
  }

  async attemptsOf({ tenant, hook }: Place, suffix = ''): Promise<Attempt[]> {
    const { body } = await this.ask<{ attempts: Attempt[] }>(tenant, 'GET', `/${hook.id}/attempts${suffix}`);
    return body.attempts;
  }

  /** As if the time had passed for which its events wait. */
  async passTime({ id }: Made): Promise<void> {
    const text = 'UPDATE webhook_waiting SET next_at = now() WHERE webhook_id = $1 AND next_at IS NOT NULL';
    await query(this.board.databaseUrl, text, [id]);
  }
}

export const arrived = ({ receiver }: Place, count: number) =>
  waitFor(() => receiver.deliveries.length >= count, `${count} deliveries`);
