/** Six tenants and twelve agents, two processes, and everything that can happen to them, one thing at a time. */
import { expectStatus, type Switchboard } from '../switchboard.js';
import { waitFor } from '../wait-for.js';
import { Hostile } from './hostile.js';
import { Model, type ModelEvent, type Sent } from './model.js';
import type { Random } from './random.js';
import { type Access, WorldReader } from './reader.js';

const TENANTS = 6;
const AGENTS = 12;
const SCOPES = ['events:read', 'agents:read', 'events:write'];
const MAX_READERS = 40;
/** Agents of a set that change at once: as many as one frame tells. */
const MAX_FLIPPED = 7;
/** Calls that one chooses from; older ones are over. */
const RECENT_CALLS = 30;

export class World {
  readonly tenants: string[] = [];
  readonly agents: string[] = [];
  readonly tokens = new Map<string, { token: string; tokenId: string }>();
  readonly suspended = new Set<string>();
  readonly readers: WorldReader[] = [];
  /** How long readers went on after their right had ended, in ms. */
  readonly endedAfterMs: number[] = [];
  model = new Model(0);
  private hostile: Hostile | undefined;
  private readonly ended = new Set<string>();
  private count = 0;

  constructor(
    private readonly boards: readonly Switchboard[],
    readonly random: Random,
    private readonly name: string,
  ) {}

  get board(): Switchboard {
    return this.random.pick(this.boards);
  }

  async setUp(): Promise<void> {
    const probe = await this.board.open('/v1/admin/events', { token: this.board.adminToken });
    this.model = new Model(Number((await probe.untilType('connected')).id));
    probe.close();
    for (let index = 0; index < AGENTS; index++) this.agents.push(`agent-${this.name}-${index}`);
    for (let index = 0; index < TENANTS; index++) {
      const { id, token, tokenId } = await this.board.createTenant({
        id: `t${index}-${this.name}`,
        scopes: SCOPES,
      });
      const limits = { requestsPerSecond: 100_000 };
      await expectStatus(200, this.board.admin('PATCH', `/v1/admin/tenants/${id}`, { limits }));
      this.tenants.push(id);
      this.tokens.set(id, { token, tokenId });
    }
    this.hostile = await Hostile.create(this.board, this.model, this.random, this.name);
    const reader = this.hostile.reader();
    this.readers.push(reader);
    await this.connect(reader);
  }

  /** One more tenant does what it shouldn't; the others and their readers must not notice. */
  async misbehave(): Promise<void> {
    const { random, board, model } = this;
    const foreignId = random.pick([...this.tokens.values()]).tokenId;
    await this.hostile?.act({ board, model, foreignId, foreignAgent: random.pick(this.agents) });
  }

  canaryOf(tenant: string | null): string {
    return `canary<${tenant ?? `nobody-${this.name}`}>`;
  }

  async ingest(): Promise<void> {
    const batch: Sent[] = [];
    for (let left = 1 + this.random.below(6); left > 0; left--) {
      const sent = this.inventEvent();
      batch.push(sent);
      this.model.take(sent);
    }
    await this.board.ingest(...batch);
    // Somebody who has lost the answer sends it again, perhaps to the other process.
    const durable = batch.filter(({ event }) => event !== 'bot.word' && event !== 'skill.loaded');
    if (durable.length > 0 && this.random.chance(0.1)) await this.board.ingest(...durable);
  }

  /**
   * A tenant's own writer: of its agents and others', in calls that it names as others do. All that it may not write is
   * refused alike.
   */
  async write(): Promise<void> {
    const tenant = this.random.pick(this.tenants.filter((one) => !this.suspended.has(one)));
    const { token } = this.tokens.get(tenant) ?? { token: '' };
    const sent = this.inventEvent();
    const n = (this.count += 1);
    const own = { ...sent, text: `${n} ${this.canaryOf(tenant)}`, from: this.canaryOf(tenant), messageId: `w${n}` };
    const may = this.model.mayWrite(tenant, own);
    if (may) this.model.takeFrom(tenant, own);
    const { status, body } = await this.board.request('POST', '/v1/ingest', { token, body: own });
    const problems = JSON.stringify([status, body['title'], body['rejected']]);
    if (may ? status !== 200 : !problems.startsWith('[400') || problems !== (this.refusal ??= problems))
      throw new Error(`${tenant}, who ${may ? 'may' : 'may not'} write ${JSON.stringify(own)}, got ${problems}`);
  }

  /** How every refusal looks. */
  private refusal: string | undefined;

  private inventEvent(): Sent {
    const { random, model } = this;
    const agent = random.pick(this.agents);
    const n = (this.count += 1);
    const messageId = `m${n}`;
    const recent = [...model.calls.values()].slice(-RECENT_CALLS);
    if (random.chance(0.08)) return { event: 'skill.loaded', agent, ...this.textFor(agent, undefined, n), messageId };
    if (recent.length === 0 || random.chance(0.25)) {
      // Ids are their senders' own: what one tenant's call is called, another's may be called too.
      const callId = `call${n}-${this.name}`;
      return { event: 'call.started', agent, callId, ...this.textFor(agent, callId, n), messageId };
    }
    const call = random.pick(recent);
    const { callId } = call;
    const speaker = random.chance(0.25) ? agent : call.agent;
    const drawn = random.pick(['user.message', 'user.message', 'bot.speaking', 'bot.word', 'call.ended'] as const);
    const event = drawn === 'call.ended' && this.ended.has(callId) ? 'user.message' : drawn; // A call ends once.
    if (event === 'call.ended') this.ended.add(callId);
    return { event, agent: speaker, callId, ...this.textFor(speaker, callId, n), messageId: `${messageId}-${event}` };
  }

  private textFor(agent: string, callId: string | undefined, n: number): { text: string; from: string } {
    const canary = this.canaryOf(this.model.tenantFor(agent, callId));
    return { text: `${n} ${canary}`, from: canary };
  }

  /** Gives, moves or takes away one agent; sometimes believing in the wrong owner. */
  async changeOwner(): Promise<void> {
    const { random, model } = this;
    const agent = random.pick(this.agents);
    const from = model.ownerOf(agent);
    const path = `/v1/admin/agents/${agent}/owner`;
    if (random.chance(0.15)) {
      const wrong = random.pick([...this.tenants, null].filter((tenant) => tenant !== from));
      const answer = await this.board.admin('PUT', path, { tenant: random.pick(this.tenants), from: wrong });
      if (answer.status !== 409 || answer.body['owner'] !== from) throw new Error(`a wrong claim got ${answer.text}`);
    } else if (from !== null && random.chance(0.2)) {
      const told = this.toBeTold(from);
      await expectStatus(204, this.board.admin('DELETE', path, { from }));
      model.owners.set(agent, null);
      await told([], [agent]);
    } else {
      const tenant = random.pick(this.tenants);
      const [toldOld, toldNew] = [this.toBeTold(from), this.toBeTold(tenant)];
      await expectStatus(200, this.board.admin('PUT', path, { tenant, from }));
      model.owners.set(agent, tenant);
      if (from === tenant) return;
      await toldOld([], [agent]);
      await toldNew([agent], []);
    }
  }

  /** The tenant's open streams that are not narrowed, which are told next what it owns. */
  private toBeTold(tenant: string | null): (added: string[], removed: string[]) => Promise<void> {
    const readers = this.readers.filter(
      ({ scope }) => tenant !== null && scope.tenant === tenant && scope.label === 'all',
    );
    const open = readers.flatMap(({ connection }) => (connection === undefined ? [] : [connection]));
    const counts = open.map((connection) => connection.of('agents.changed').length);
    return async (added, removed) => {
      const expected = JSON.stringify({ agents: this.model.agentsOf(tenant ?? '').sort(), added, removed });
      for (const [index, connection] of open.entries()) {
        const count = counts[index] ?? 0;
        await connection.until((one) => one.of('agents.changed').length > count, 'agents.changed');
        const data = connection.of('agents.changed')[count]?.data;
        if (JSON.stringify(data) !== expected) throw new Error(`told ${JSON.stringify(data)} instead of ${expected}`);
      }
    };
  }

  async setOwned(): Promise<void> {
    const { random, model } = this;
    const tenant = random.pick(this.tenants);
    const free = this.agents.filter((agent) => [tenant, null].includes(model.ownerOf(agent)));
    const owned = model.agentsOf(tenant);
    const flipped = free.filter(() => random.chance(0.4)).slice(0, MAX_FLIPPED);
    const added = flipped.filter((agent) => !owned.includes(agent)).sort();
    const removed = flipped.filter((agent) => owned.includes(agent)).sort();
    const agents = [...owned.filter((agent) => !removed.includes(agent)), ...added];
    const told = this.toBeTold(tenant);
    await expectStatus(200, this.board.admin('PUT', `/v1/admin/tenants/${tenant}/agents`, { agents }));
    for (const agent of flipped) model.owners.set(agent, agents.includes(agent) ? tenant : null);
    if (flipped.length > 0) await told(added, removed);
  }

  async open(): Promise<void> {
    if (this.readers.length >= MAX_READERS) this.readers.splice(this.random.below(this.readers.length), 1)[0]?.detach();
    const reader = await this.inventReader();
    if (reader === undefined) return;
    this.readers.push(reader);
    await this.connect(reader);
  }

  private async inventReader(): Promise<WorldReader | undefined> {
    const { random, model } = this;
    if (random.chance(0.15)) return this.inventAdmin();
    const tenant = random.pick(this.tenants.filter((one) => !this.suspended.has(one)));
    const own = this.tokens.get(tenant) ?? { token: '', tokenId: '' };
    const access = (path: string): Access => ({ path, ...own });
    const agents = model.agentsOf(tenant);
    const calls = model.callsOf(tenant);
    const type = random.pick(['user.message', 'call.*']);
    const ofType = (event: ModelEvent) => (type === 'call.*' ? event.type.startsWith('call.') : event.type === type);
    const kind = random.below(6);
    if (kind === 0 && agents.length > 0) {
      const some = random.some(agents);
      const wants = (event: ModelEvent) => some.includes(event.agent);
      return new WorldReader({ tenant, wants, label: 'agents' }, access(`/v1/events?agents=${some.join(',')}`));
    }
    if (kind === 1)
      return new WorldReader({ tenant, wants: ofType, label: 'types' }, access(`/v1/events?types=${type}`));
    if (kind === 2 && calls.length > 0) {
      const call = random.pick(calls.slice(-RECENT_CALLS));
      const wants = (event: ModelEvent) => event.callId === call;
      return new WorldReader({ tenant, wants, label: 'call' }, access(`/v1/calls/${encodeURIComponent(call)}/events`));
    }
    if (kind === 3) return this.mintReader(tenant, type, ofType);
    return new WorldReader({ tenant, wants: () => true, label: 'all' }, access('/v1/events'));
  }

  /** By a stream token that is narrowed, the tenant's own or one with which an admin looks. */
  private async mintReader(tenant: string, type: string, wants: (event: ModelEvent) => boolean): Promise<WorldReader> {
    const { token, tokenId } = this.tokens.get(tenant) ?? { token: '', tokenId: '' };
    const isView = this.random.chance(0.5);
    const path = isView ? `/v1/admin/tenants/${tenant}/stream-tokens` : '/v1/stream-tokens';
    const minter = isView ? this.board.adminToken : token;
    const { body } = await expectStatus(
      201,
      this.board.request<{ token: string }>('POST', path, { token: minter, body: { types: [type] } }),
    );
    const access = { path: '/v1/events', token: body.token, tokenId: isView ? 'admin' : tokenId };
    return new WorldReader({ tenant, wants, label: isView ? 'view' : 'stream token' }, access);
  }

  private inventAdmin(): WorldReader {
    const { random } = this;
    const access = (path: string) => ({ path, token: this.board.adminToken, tokenId: 'admin' });
    const kind = random.below(3);
    if (kind === 0) {
      const wants = (event: ModelEvent) => event.tenant === null;
      return new WorldReader({ tenant: null, wants, label: 'unassigned' }, access('/v1/admin/events?unassigned=true'));
    }
    const some = kind === 1 ? random.some(this.tenants) : this.everybody;
    const wants = (event: ModelEvent) => (event.tenant === null ? kind === 2 : some.includes(event.tenant));
    const query = kind === 1 ? `?tenants=${some.join(',')}` : '';
    return new WorldReader({ tenant: null, wants, label: `admin${query}` }, access(`/v1/admin/events${query}`));
  }

  async reconnect(): Promise<void> {
    const away = this.readers.filter(({ scope }) => scope.tenant === null || !this.suspended.has(scope.tenant));
    if (away.length === 0) return;
    const reader = this.random.pick(away);
    reader.detach();
    if (this.random.chance(0.3)) await this.ingest();
    // Between backlog and live: events come in while the reader catches up.
    await Promise.all([this.connect(reader), this.ingestSeveral()]);
  }

  private async ingestSeveral(): Promise<void> {
    for (let left = this.random.below(4); left > 0; left--) await this.ingest();
  }

  private async connect(reader: WorldReader): Promise<void> {
    const { path, token } = reader.access;
    const { cursor } = reader;
    const board = this.random.pick(this.boards);
    const connection = await board.open(path, { token, ...(cursor === undefined ? {} : { lastEventId: cursor }) });
    reader.attach(connection);
    await connection.until(({ frames }) => frames.length > 0, `${reader.scope.label} to be greeted`);
    if (connection.frames[0]?.type !== 'connected') throw new Error(`a reader was greeted by ${connection.raw}`);
  }

  /** Suspends a tenant, or lets one go on. */
  async toggleTenant(): Promise<void> {
    const tenant = this.random.pick(this.tenants);
    const isSuspended = this.suspended.has(tenant);
    if (!isSuspended && this.suspended.size >= 2) return;
    const status = isSuspended ? 'active' : 'suspended';
    await expectStatus(200, this.board.admin('PATCH', `/v1/admin/tenants/${tenant}`, { status }));
    if (isSuspended) this.suspended.delete(tenant);
    else this.suspended.add(tenant);
    const readers = this.readers.filter(({ scope }) => scope.tenant === tenant);
    if (isSuspended) for (const reader of readers) await this.connect(reader);
    else await this.untilEnded(readers, 'tenant-suspended');
  }

  /** The readers that lived by the token end; then they come back with another. */
  async revoke(): Promise<void> {
    const tenant = this.random.pick(this.tenants.filter((one) => !this.suspended.has(one)));
    const old = this.tokens.get(tenant) ?? { token: '', tokenId: '' };
    await expectStatus(204, this.board.admin('DELETE', `/v1/admin/tokens/${old.tokenId}`));
    const readers = this.readers.filter(({ access }) => access.tokenId === old.tokenId);
    await this.untilEnded(readers, 'token-revoked');
    const { token, tokenId } = await this.board.createToken(tenant, { scopes: SCOPES });
    this.tokens.set(tenant, { token, tokenId });
    for (const reader of readers) {
      if (reader.scope.label === 'stream token') this.readers.splice(this.readers.indexOf(reader), 1);
      else {
        reader.access = { ...reader.access, token, tokenId };
        await this.connect(reader);
      }
    }
  }

  private async untilEnded(readers: readonly WorldReader[], slug: string): Promise<void> {
    const startedAt = Date.now();
    for (const reader of readers) {
      const { connection } = reader;
      if (connection === undefined) continue;
      await connection.until(({ ended }) => ended, `${reader.scope.label} to end: ${slug}`);
      this.endedAfterMs.push(Date.now() - startedAt);
      const type = connection.of('stream.closing').at(-1)?.data['type'];
      if (type !== `/problems/${slug}`) throw new Error(`a reader was told ${String(type)} instead of ${slug}`);
      reader.detach();
    }
  }

  /** Every reader has what it must have, and nothing else, once it has caught up. */
  async check(): Promise<void> {
    for (const reader of this.readers) {
      if (reader.connection === undefined) continue;
      const expected = reader.expected(this.model);
      await waitFor(() => reader.received.length >= expected.length, `${reader.scope.label} to have it all`).catch(
        () => undefined, // What it has is compared below, and says more.
      );
      const received = reader.received;
      const wrong = expected.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(received[index]));
      if (wrong >= 0 || received.length > expected.length) {
        const at = wrong >= 0 ? wrong : expected.length;
        const words = `expected ${JSON.stringify(expected[at])}, received ${JSON.stringify(received[at])}`;
        throw new Error(`${reader.scope.label} of ${reader.scope.tenant}, event ${at}: ${words}`);
      }
      this.assertNoOthers(reader.scope.tenant, reader.raw, reader.scope.label);
    }
  }

  /** A tenant reads its log to the end, and asks for what is another's. */
  async readLog(): Promise<void> {
    const tenant = this.random.pick(this.tenants.filter((one) => !this.suspended.has(one)));
    const { token } = this.tokens.get(tenant) ?? { token: '' };
    const ids: string[] = [];
    for (let after = '0', live = false; !live;) {
      const page = await this.board.request<{ events: { id: string }[]; next: string; live: boolean }>(
        ...(['GET', `/v1/log?limit=100&after=${after}`, { token }] as const),
      );
      ids.push(...page.body.events.map(({ id }) => id));
      this.assertNoOthers(tenant, page.text, 'the log');
      ({ next: after, live } = page.body);
    }
    const count = this.model.seqOf(tenant);
    if (ids.join() !== Array.from({ length: count }, (_, index) => index + 1).join())
      throw new Error(`the log of ${tenant} has ${ids.length} events with holes, instead of ${count}`);
  }

  /** Another's agent or call, and one that never was: the same answer. */
  async probe(): Promise<void> {
    const { random, model } = this;
    const [tenant, other] = [random.pick(this.tenants), random.pick(this.tenants)];
    if (this.suspended.has(tenant)) return;
    const never = model.agentsOf(other).filter((agent) => !model.events.some((one) => one.agent === agent));
    const own = model.callsOf(tenant);
    const calls = model.callsOf(other).filter((call) => !own.includes(call));
    const { token } = this.tokens.get(tenant) ?? { token: '' };
    const paths: [string, string][] = calls.slice(-1).flatMap((call): [string, string][] => {
      const [theirs, none] = [encodeURIComponent(call), 'call-that-never-was'];
      return other === tenant
        ? []
        : [
            [`/v1/calls/${theirs}/events`, `/v1/calls/${none}/events`],
            [`/v1/log?call=${theirs}`, `/v1/log?call=${none}`],
          ];
    });
    if (other !== tenant && never[0] !== undefined && !this.everOwned.has(`${tenant} ${never[0]}`))
      paths.push([`/v1/agents/${never[0]}/events`, '/v1/agents/agent-that-never-was/events']);
    for (const [theirs, none] of paths) {
      const answers = await Promise.all([theirs, none].map((path) => this.board.request('GET', path, { token })));
      const [one, two] = answers.map(({ status, body }) => JSON.stringify([status, { ...body, instance: '' }]));
      if (one !== two || answers[0]?.status !== 404) throw new Error(`${theirs} answers ${one}, ${none} ${two}`);
    }
  }

  /** Pairs "tenant agent": what a tenant once owned it may still name. */
  readonly everOwned = new Set<string>();

  rememberOwners(): void {
    for (const [agent, owner] of this.model.owners) if (owner !== null) this.everOwned.add(`${owner} ${agent}`);
  }

  private get everybody(): string[] {
    return [...this.tenants, ...(this.hostile === undefined ? [] : [this.hostile.tenant])];
  }

  private assertNoOthers(tenant: string | null, bytes: string, where: string): void {
    if (tenant === null) return;
    for (const other of [...this.everybody, null].filter((one) => one !== tenant)) {
      for (const trace of [this.canaryOf(other), ...(other === null ? [] : [other])])
        if (bytes.includes(trace)) throw new Error(`${where} of ${tenant} holds ${trace}`);
    }
  }
}
