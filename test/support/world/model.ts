/** Who may see what, worked out without a database: the rules of api.md, and nothing of the product's code. */

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

interface ModelCall {
  readonly tenant: string | null;
  readonly agent: string;
}

export class Model {
  readonly owners = new Map<string, string | null>();
  readonly calls = new Map<string, ModelCall>();
  readonly log: ModelEvent[] = [];
  private readonly seqs = new Map<string, number>();

  constructor(private position: number) {}

  ownerOf(agent: string): string | null {
    return this.owners.get(agent) ?? null;
  }

  agentsOf(tenant: string): string[] {
    return [...this.owners].filter(([, owner]) => owner === tenant).map(([agent]) => agent);
  }

  callsOf(tenant: string | null): string[] {
    return [...this.calls].filter(([, call]) => call.tenant === tenant).map(([callId]) => callId);
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
    const call = this.calls.get(callId);
    if (call === undefined) return owner;
    const ofCall = call.agent === agent || owner === null || owner === call.tenant;
    return ofCall ? call.tenant : null;
  }

  /** A durable or ephemeral event came in. */
  take({ event: type, agent, callId, text }: Sent): void {
    const tenant = this.tenantFor(agent, callId);
    if (callId !== undefined && !this.calls.has(callId)) this.calls.set(callId, { tenant, agent });
    if (type === 'bot.word') return;
    this.position += 1;
    const seq = tenant === null ? null : this.seqOf(tenant) + 1;
    if (tenant !== null && seq !== null) this.seqs.set(tenant, seq);
    this.log.push({ position: this.position, tenant, seq, agent, callId: callId ?? null, type, text });
  }
}
