/**
 * Stream tokens for sets of agents. Agents share a token, so that a thousand logs do not need a thousand mints. A token
 * never includes an agent that nobody asked for, and the set is never empty.
 */
import { Refused, VoiceApi } from './voice-api.js';

/** Agents per token, and characters of their names in its URL: proxies refuse URLs over 8 KB. */
const MAX_AGENTS = 50;
const MAX_NAMES_LENGTH = 6000;
/** Renewed after this part of its life: an attach with it must still arrive in time. */
const USABLE_PART = 0.75;
/** At most one mint a second, however short a life the server gives. */
const MIN_USABLE_MS = 1000;

/** The API key is wrong: nothing can be read until the operator changes it. */
export class ApiKeyRefused extends Error {
  constructor() {
    super('the voice server refused the API key with status 401: is PINECALL_API_KEY right?');
  }
}

interface Group {
  readonly agents: readonly string[];
  token?: { readonly value: string; readonly usableUntil: number } | undefined;
  minting?: Promise<string> | undefined;
}

export class UpstreamTokens {
  /** Replaced, never changed, when its set of agents changes: so its token always covers its agents. */
  private groups: Group[] = [];

  constructor(
    private readonly api: VoiceApi,
    /** If the server mints no tokens, its pages accept the key itself: in a header, never in a URL. */
    readonly apiKey: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Reserves room for agents that will be asked for, so that they share tokens from the start. */
  include(agents: Iterable<string>): void {
    for (const agent of agents) if (canBeAsked(agent)) this.groupOf(agent);
  }

  /** No further log of this agent will be read. (If one of its calls still needs a token, that adds it again.) */
  drop(agent: string): void {
    const group = this.groups.find(({ agents }) => agents.includes(agent));
    if (group) this.replace(group, [group.agents.filter((name) => name !== agent)]);
  }

  /** A token that covers the agent. Rejects with {@link ApiKeyRefused}, or with the error of the mint. */
  async forAgent(agent: string): Promise<string> {
    if (!canBeAsked(agent)) throw new Error('no token can be asked for an agent whose name has a comma');
    for (;;) {
      const group = this.groupOf(agent);
      const token = await this.tokenOf(group);
      if (token !== undefined) return token;
    }
  }

  /** For a call whose agent is not known (only its cursor is left): the n-th token of {@link size}. */
  async nth(n: number): Promise<string> {
    const agent = this.groups[n % Math.max(1, this.size)]?.agents[0];
    if (agent === undefined) throw new Error('no agent is known whose token could cover the call');
    return this.forAgent(agent);
  }

  get size(): number {
    return this.groups.length;
  }

  /** The server refused the token early: the next caller mints a fresh one. */
  discard(token: string): void {
    for (const group of this.groups) if (group.token?.value === token) group.token = undefined;
  }

  private groupOf(agent: string): Group {
    const own = this.groups.find(({ agents }) => agents.includes(agent));
    if (own) return own;
    const roomy = this.groups.find(({ agents }) => hasRoom(agents, agent));
    const group: Group = { agents: [...(roomy?.agents ?? []), agent] };
    if (roomy) this.groups[this.groups.indexOf(roomy)] = group;
    else this.groups.push(group);
    return group;
  }

  /** Undefined if the server refused the set: then it is split, and every caller asks again. */
  private async tokenOf(group: Group): Promise<string | undefined> {
    if (group.token && performance.now() < group.token.usableUntil) return group.token.value;
    try {
      return await (group.minting ??= this.mint(group));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) throw new ApiKeyRefused();
      if (error.status >= 500 || error.status === 429 || group.agents.length === 1) throw error;
      // One agent that the server does not know must not cost the others theirs: halve the set until that agent is
      // alone.
      const half = Math.ceil(group.agents.length / 2);
      this.replace(group, [group.agents.slice(0, half), group.agents.slice(half)]);
      return undefined;
    }
  }

  private async mint(group: Group): Promise<string> {
    const askedAt = performance.now();
    try {
      const { token, ttlMs } = await this.api.mint(group.agents, this.apiKey, this.signal);
      group.token = { value: token, usableUntil: askedAt + Math.max(MIN_USABLE_MS, ttlMs * USABLE_PART) };
      return token;
    } finally {
      group.minting = undefined;
    }
  }

  /** Does nothing if another token has replaced it meanwhile. */
  private replace(group: Group, sets: readonly (readonly string[])[]): void {
    const index = this.groups.indexOf(group);
    const groups = sets.filter((agents) => agents.length > 0).map((agents) => ({ agents }));
    if (index >= 0) this.groups.splice(index, 1, ...groups);
  }
}

/** Upstream separates names by commas: such a name would ask for two other agents. */
function canBeAsked(agent: string): boolean {
  return !agent.includes(',');
}

function hasRoom(agents: readonly string[], agent: string): boolean {
  const length = [...agents, agent].reduce((sum, name) => sum + encodeURIComponent(name).length + 1, 0);
  return agents.length < MAX_AGENTS && length <= MAX_NAMES_LENGTH;
}
