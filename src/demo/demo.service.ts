/** The demo, if no source is named: two customers with agents of their own, to show who gets which events. */
import { Injectable } from '@nestjs/common';
import { Ownership } from '../agents/ownership.js';
import { SYSTEM } from '../audit/audit-log.js';
import { PERSON_SCOPES, SignIn, type SignInLink } from '../auth/sign-in/sign-in.js';
import { TokenFile, TokenFiles } from '../auth/tokens/token-files.js';
import { type AgentName, type TenantId, agentNameSchema, tenantIdSchema } from '../common/ids.js';
import { Problem } from '../common/problem.js';
import { DEMO_AGENTS } from '../sources/simulator/demo-agents.js';
import { TenantsService } from '../tenants/tenants.service.js';

export interface DemoTenant {
  readonly tenantId: TenantId;
  readonly agents: readonly AgentName[];
  readonly token: TokenFile;
  readonly link: SignInLink;
}

export interface Demo {
  readonly tenants: readonly DemoTenant[];
  readonly adminLink: SignInLink;
}

/** A day: the console's output may be read tomorrow. Each start prints new links. */
const LINK_TTL_SECONDS = 24 * 3600;

const TENANT_NAMES: Record<string, string> = { acme: 'Acme Hospitality', globex: 'Globex Services' };

@Injectable()
export class DemoService {
  constructor(
    private readonly tenants: TenantsService,
    private readonly ownership: Ownership,
    private readonly tokenFiles: TokenFiles,
    private readonly signIn: SignIn,
  ) {}

  /** Safe to repeat: what exists stays as it is, even if somebody has moved an agent meanwhile. */
  async setUp(): Promise<Demo> {
    const names = [...new Set(DEMO_AGENTS.map(({ tenant }) => tenant))];
    const tenants = await Promise.all(names.map((name) => this.setUpTenant(tenantIdSchema.parse(name))));
    return {
      tenants,
      adminLink: await this.signIn.createLink(null, { scopes: ['admin'], ttlSeconds: LINK_TTL_SECONDS }),
    };
  }

  private async setUpTenant(tenantId: TenantId): Promise<DemoTenant> {
    await this.tenants
      .create({ tenant: tenantId, name: TENANT_NAMES[tenantId] ?? tenantId, limits: {} }, SYSTEM)
      .catch(ignore('tenant-exists'));
    const agents = DEMO_AGENTS.filter(({ tenant }) => tenant === tenantId).map(({ agent }) =>
      agentNameSchema.parse(agent),
    );
    for (const agent of agents)
      await this.ownership.change(agent, null, tenantId, SYSTEM).catch(ignore('owner-changed'));
    const token = await this.tokenFiles.ensureTenant(tenantId, ['events:read', 'agents:read']);
    const link = await this.signIn.createLink(tenantId, { scopes: PERSON_SCOPES, ttlSeconds: LINK_TTL_SECONDS });
    return { tenantId, agents, token, link };
  }
}

function ignore(slug: Problem['slug']): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Problem && error.slug === slug)) throw error;
  };
}
