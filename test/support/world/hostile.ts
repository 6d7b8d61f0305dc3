/**
 * A tenant that does what it shouldn't, a thing at a time (issue 13): each is answered as the contract says, and nobody
 * else gets any of it.
 */
import { RawClient } from '../raw-client.js';
import { type Answer, type Switchboard, type TestTenant, expectStatus } from '../switchboard.js';
import type { Model, Sent } from './model.js';
import type { Random } from './random.js';
import { WorldReader } from './reader.js';

/** Larger than an event may be. */
const TOO_LARGE = 70_000;
const PIPELINED = 20;
const ODD_TEXTS = ['%00', '%ED%A0%80', '%ff', 'x'.repeat(5000), '-1', '[]'];
/** What JSON can say and UTF-8 or PostgreSQL cannot. */
const ODD_WORDS = ['\u0000', '\ud800', '\udc00x', '\u2028', '{"n":9007199254740993}', 'id: 7\n\nevent: call.ended'];

/** The world as it is when something is done. */
interface Surroundings {
  readonly board: Switchboard;
  readonly model: Model;
  /** Another tenant's token id. */
  readonly foreignId: string;
  readonly foreignAgent: string;
}

export class Hostile {
  private count = 0;

  private constructor(
    private readonly own: TestTenant,
    private readonly agent: string,
    private readonly random: Random,
  ) {}

  static async create(board: Switchboard, model: Model, random: Random, name: string): Promise<Hostile> {
    const [id, agent] = [`hostile-${name}`, `hostile-agent-${name}`];
    const scopes = ['events:read', 'agents:read', 'events:write', 'tokens:write'];
    const own = await board.createTenant({ id, agents: [agent], scopes });
    await expectStatus(
      200,
      board.admin('PATCH', `/v1/admin/tenants/${id}`, { limits: { requestsPerSecond: 100_000 } }),
    );
    model.owners.set(agent, id);
    return new Hostile(own, agent, random);
  }

  get tenant(): string {
    return this.own.id;
  }

  /** It gets what it wrote itself, and nothing else. */
  reader(): WorldReader {
    const { id: tenant, token, tokenId } = this.own;
    return new WorldReader({ tenant, wants: () => true, label: 'hostile' }, { path: '/v1/events', token, tokenId });
  }

  async act(around: Surroundings): Promise<void> {
    const acts = ['sendUnreadable', 'ask', 'pipeline', 'collide', 'writeOfOthers', 'overfill', 'reuseKey'] as const;
    await this[this.random.pick(acts)](around);
  }

  /** A body that nobody can have understood makes nothing. */
  private async sendUnreadable({ board }: Surroundings): Promise<void> {
    const headers = { 'Content-Type': this.random.pick(['text/plain', 'application/x-www-form-urlencoded']) };
    const path = this.random.pick(['/v1/ingest', '/v1/stream-tokens', '/v1/tokens']);
    await expectStatus(415, this.send(board, path, { agents: [this.agent] }, headers));
  }

  /** Parameters that are none, cursors of others, a filter that finds nothing. */
  private async ask({ board, foreignId, foreignAgent }: Surroundings): Promise<void> {
    const odd = this.random.pick(ODD_TEXTS);
    const [path, status] = this.random.pick<[string, number]>([
      ...([['/v1/log?types=zzz', 200]] as [string, number][]),
      ...[`/v1/log?after=${odd}x`, `/v1/calls?cursor=${odd}`, `/v1/tokens?cursor=${odd}`].map((one): [string, number] => [one, 400]), // prettier-ignore
      ...([[`/v1/tokens?cursor=${foreignId}`, 400]] as [string, number][]),
      ...([[`/v1/log?agents=${foreignAgent}`, 404]] as [string, number][]),
    ]);
    await expectStatus(status, board.request('GET', path, { token: this.own.token }));
  }

  /** More streams on one connection than it will wait for; it goes without a word. */
  private async pipeline({ board }: Surroundings): Promise<void> {
    const client = await RawClient.open(board.url);
    const token = this.random.chance(0.5) ? this.own.token : 'none';
    const headers = { Authorization: `Bearer ${token}` };
    client.send(RawClient.head('GET', '/v1/events?types=zzz', headers).repeat(PIPELINED));
    await client.until(({ text, closed }) => closed || text !== '', 'an answer, or the end');
    client.reset();
  }

  /** Its own event, in a call that is named as another's is. */
  private async collide({ board, model }: Surroundings): Promise<void> {
    const event = this.event(model, this.random.pick(ODD_WORDS));
    // Half a surrogate is no character: U+FFFD stands in its place.
    model.takeFrom(this.tenant, { ...event, text: Buffer.from(event.text).toString() });
    await expectStatus(200, this.send(board, '/v1/ingest', event));
  }

  private async writeOfOthers({ board, model, foreignAgent }: Surroundings): Promise<void> {
    await expectStatus(400, this.send(board, '/v1/ingest', { ...this.event(model), agent: foreignAgent }));
  }

  private async overfill({ board, model }: Surroundings): Promise<void> {
    const { status } = await this.send(board, '/v1/ingest', this.event(model, 'x'.repeat(TOO_LARGE)));
    if (status < 400 || status >= 500) throw new Error(`an event that is too large got ${status}`);
  }

  private async reuseKey({ board, model }: Surroundings): Promise<void> {
    const headers = { 'Idempotency-Key': `key-${(this.count += 1)}` };
    const [first, second] = [this.event(model), this.event(model)];
    model.takeFrom(this.tenant, first);
    await expectStatus(200, this.send(board, '/v1/ingest', first, headers));
    await expectStatus(409, this.send(board, '/v1/ingest', second, headers));
    await expectStatus(200, this.send(board, '/v1/ingest', first, headers));
  }

  private event(model: Model, words = ''): Sent {
    const n = (this.count += 1);
    const theirs = [...model.calls.values()].slice(-5);
    const callId = theirs.length === 0 ? `hostile-call-${n}` : this.random.pick(theirs).callId;
    const text = `${n} canary<${this.tenant}> ${words}`;
    return { event: 'user.message', agent: this.agent, callId, text, messageId: `h${n}` };
  }

  private send(board: Switchboard, path: string, body: object, headers?: Record<string, string>): Promise<Answer> {
    return board.request('POST', path, { token: this.own.token, body, ...(headers === undefined ? {} : { headers }) });
  }
}
