/** Who may see what, worked out without a database: as docs/protocol.md has it, and nothing of the product's code. */

export interface ModelEvent {
  readonly position: number;
  readonly tenant: string | null;
  readonly seq: number | null;
  readonly agent: string;
  readonly callId: string | null;
  readonly type: string;
  readonly text: string;
}

export interface Sent {
  readonly event: string;
  readonly agent: string;
  readonly callId?: string;
  readonly text: string;
  readonly messageId: string;
  readonly from?: string;
}

/** What an agent has in a call is its owner's of when it began. */
interface ModelPart {
  readonly tenant: string | null;
  readonly agent: string;
  readonly callId: string;
}

function partOf(callId: string, agent: string): string {
  return `${callId} ${agent}`;
}

export class Model {
  readonly owners = new Map<string, string | null>();
  /** What the platform's sources have said, by call and agent. */
  readonly calls = new Map<string, ModelPart>();
  /** What tenants' own writers have said; it moves nothing of the platform's. */
  private readonly written: ModelPart[] = [];
  readonly events: ModelEvent[] = [];
  private readonly seqs = new Map<string, number>();

  constructor(private position: number) {}

  ownerOf(agent: string): string | null {
    return this.owners.get(agent) ?? null;
  }

  agentsOf(tenant: string): string[] {
    return [...this.owners].filter(([, owner]) => owner === tenant).map(([agent]) => agent);
  }

  callsOf(tenant: string | null): string[] {
    const all = [...this.calls.values(), ...this.written];
    return all.filter((call) => call.tenant === tenant).map(({ callId }) => callId);
  }

  seqOf(tenant: string): number {
    return this.seqs.get(tenant) ?? 0;
  }

  get head(): number {
    return this.position;
  }

  /** Whose an event would be if it came in now. */
  tenantFor(agent: string, callId: string | undefined): string | null {
    const owner = this.ownerOf(agent);
    if (callId === undefined) return owner;
    const part = this.calls.get(partOf(callId, agent));
    return part === undefined ? owner : part.tenant;
  }

  /** Whether a tenant's own writer may say this: of an agent that is its own, or was when its call began. */
  mayWrite(tenant: string, { agent, callId }: Sent): boolean {
    if (this.ownerOf(agent) === tenant) return true;
    return [...this.calls.values(), ...this.written].some(
      (part) => part.tenant === tenant && part.callId === callId && part.agent === agent,
    );
  }

  /** A durable or ephemeral event came in from one of the platform's sources. */
  take(sent: Sent): void {
    const { agent, callId } = sent;
    const tenant = this.tenantFor(agent, callId);
    if (callId !== undefined && !this.calls.has(partOf(callId, agent)))
      this.calls.set(partOf(callId, agent), { tenant, agent, callId });
    this.log(tenant, sent);
  }

  /** One came in from a tenant's own writer, who may write it. */
  takeFrom(tenant: string, sent: Sent): void {
    const { agent, callId } = sent;
    if (callId !== undefined) this.written.push({ tenant, agent, callId });
    this.log(tenant, sent);
  }

  private log(tenant: string | null, { event: type, agent, callId, text }: Sent): void {
    if (type === 'bot.word') return;
    this.position += 1;
    const seq = tenant === null ? null : this.seqOf(tenant) + 1;
    if (tenant !== null && seq !== null) this.seqs.set(tenant, seq);
    this.events.push({ position: this.position, tenant, seq, agent, callId: callId ?? null, type, text });
  }
}
