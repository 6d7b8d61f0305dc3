/** The agents that take the simulator's calls. The demo's set-up creates the tenants and gives them these agents. */
import type { Business } from './conversation.js';

export interface DemoAgent {
  readonly agent: string;
  /** The business whose phones it answers. */
  readonly businesses: readonly Business[];
}

export const DEMO_AGENTS: readonly (DemoAgent & { readonly tenant: 'acme' | 'globex' })[] = [
  { tenant: 'acme', agent: 'mara', businesses: ['restaurant', 'hotel', 'dentist'] },
  { tenant: 'globex', agent: 'julia', businesses: ['dentist', 'workshop', 'parcel'] },
  { tenant: 'acme', agent: 'lucia', businesses: ['parcel', 'cleaning', 'restaurant'] },
  { tenant: 'globex', agent: 'sol', businesses: ['hotel', 'cleaning', 'workshop'] },
];

/** Belongs to nobody, to show that its events reach no customer. */
export const UNOWNED_DEMO_AGENT: DemoAgent = { agent: 'nora', businesses: ['restaurant', 'parcel', 'dentist'] };
