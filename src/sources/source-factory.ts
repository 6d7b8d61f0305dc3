/** `SOURCES` entries → sources. Throws {@link InvalidSource} with one readable line. */
import { Injectable } from '@nestjs/common';
import { AgentsService } from '../agents/agents.service.js';
import { agentNameSchema } from '../common/ids.js';
import type { Env } from '../config/env.js';
import { LogInquiry } from '../events/log/log-inquiry.js';
import { AgentSseSource } from './pinecall/agent-sse.source.js';
import { AgentWsSource } from './pinecall/agent-ws.source.js';
import { CallLogSource } from './pinecall/call-log.source.js';
import { ModuleSource } from './pinecall/module.source.js';
import { Pinecall2OpsSource } from './pinecall2/ops.source.js';
import { Pinecall2Source } from './pinecall2/pinecall2.source.js';
import { SimulatorSource } from './simulator.source.js';
import { SourceCursors } from './source-cursors.js';
import { InvalidSource, type Source } from './source.js';

@Injectable()
export class SourceFactory {
  constructor(
    private readonly cursors: SourceCursors,
    private readonly agents: AgentsService,
    private readonly inquiry: LogInquiry,
  ) {}

  async createAll(env: Env): Promise<Source[]> {
    const sources: Source[] = [];
    for (const entry of env.sources) sources.push(await this.create(entry, env));
    const names = new Set(sources.map(({ name }) => name));
    if (names.size < sources.length) throw new InvalidSource('SOURCES: the same source is named twice');
    return sources;
  }

  private async create(entry: string, env: Env): Promise<Source> {
    const options = env.sourceToken === undefined ? {} : { token: env.sourceToken };
    if (/^simulator(?!\w)/.test(entry)) return new SimulatorSource(entry, undefined, this.inquiry);
    if (/^sse\+https?:\/\//.test(entry)) return new AgentSseSource(entry, options);
    if (/^ws\+wss?:\/\//.test(entry)) return new AgentWsSource(entry, options);
    if (/^(nats|tls|rediss?):\/\//.test(entry)) return this.createOverBroker(entry);
    if (entry.startsWith('module:')) return new ModuleSource(entry);
    if (/^pinecall\+wss?:\/\//.test(entry)) {
      if (env.pinecallApiKey === undefined) throw new InvalidSource('SOURCES: pinecall+… needs PINECALL_API_KEY');
      const agents = {
        list: () => this.agents.ownedAcrossTenants(),
        hadEarlierOwner: (agent: string) => this.agents.hadEarlierOwner(agentNameSchema.parse(agent)),
        changes: this.agents.ownerChanges,
      };
      return new CallLogSource(entry, { apiKey: env.pinecallApiKey, cursors: this.cursors, agents });
    }
    if (/^pinecall2(-ops)?\+https?:\/\//.test(entry)) return this.createOverGateway(entry, env);
    const scheme = /^[a-z0-9+-]{1,30}(?=:)/.exec(entry)?.[0] ?? 'an entry';
    throw new InvalidSource(
      `SOURCES: ${scheme} is not a source; known are simulator, sse+http(s)://, ws+ws(s)://, pinecall+wss://, pinecall2+http(s)://, pinecall2-ops+http(s)://, nats://, redis://, module: and none`,
    );
  }

  /** Pinecall's second generation. */
  private createOverGateway(entry: string, env: Env): Source {
    const isOps = entry.startsWith('pinecall2-ops+');
    const apiKey = isOps ? env.pinecallOpsKey : env.pinecall2ApiKey;
    if (apiKey === undefined) {
      const needed = isOps
        ? 'pinecall2-ops+… needs PINECALL_OPS_KEY'
        : 'pinecall2+… needs PINECALL2_API_KEY or PINECALL_API_KEY';
      throw new InvalidSource(`SOURCES: ${needed}`);
    }
    const options = { apiKey, supervisorKey: env.pinecall2SupervisorKey, cursors: this.cursors };
    return isOps ? new Pinecall2OpsSource(entry, options) : new Pinecall2Source(entry, options);
  }

  /** A broker's client is loaded only if it is used. */
  private async createOverBroker(entry: string): Promise<Source> {
    if (entry.startsWith('redis')) {
      const { RedisSource } = await import('./broker/redis.source.js');
      return new RedisSource(entry);
    }
    const { NatsSource } = await import('./broker/nats.source.js');
    return new NatsSource(entry, this.cursors);
  }
}
