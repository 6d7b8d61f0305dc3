/** Why a tenant did or did not get an event, in words: a pure function of what is known of both. */
import type { OwnershipSpan } from '../agents/ownership-history.js';
import type { TokenFacts } from '../auth/tokens/token-view.js';
import { typeMatcher } from '../events/log/event-filter.js';
import { CALL_ERASED } from '../events/log/event.js';
import type { CallFacts, EventFacts } from '../events/log/log-inquiry.js';

export interface ExplainFacts {
  readonly tenant: { readonly id: string; readonly status: string; readonly expiredUntil: number };
  readonly position: number;
  /** The log's last position. */
  readonly head: number;
  readonly event: EventFacts | undefined;
  readonly call: CallFacts | undefined;
  /** Owner of the event's agent when the call began or, without a call, when the event came. */
  readonly owner: OwnershipSpan | undefined;
  /** The token that the tenant reads with; undefined: it was not asked about. */
  readonly token: TokenFacts | undefined;
  readonly now: Date;
}

export interface Check {
  readonly check: 'logged' | 'stamp' | 'type' | 'retention' | 'tenant' | 'token' | 'filter';
  readonly passed: boolean;
  readonly detail: string;
}

export interface Explanation {
  readonly tenant: string;
  readonly event: {
    readonly position: number;
    /** The number by which its tenant knows the event. */
    readonly id: string | null;
    readonly type: string;
    readonly agent: string;
    readonly callId: string | null;
    readonly at: string;
    readonly tenant: string | null;
  } | null;
  readonly owner: OwnershipSpan | null;
  readonly delivered: boolean;
  readonly summary: string;
  readonly checks: readonly Check[];
}

export function explain(facts: ExplainFacts): Explanation {
  const { tenant, event, owner } = facts;
  const checks = event === undefined ? [missing(facts)] : checksOf(facts, event);
  const failed = checks.find(({ passed }) => !passed);
  const got = `${tenant.id} gets this event, as its number ${event?.seq ?? 0}.`;
  return {
    tenant: tenant.id,
    event: event === undefined ? null : eventFacts(event),
    owner: owner ?? null,
    delivered: failed === undefined,
    summary: failed === undefined ? got : `${tenant.id} does not get this event. ${failed.detail}`,
    checks,
  };
}

function missing({ position, head }: ExplainFacts): Check {
  const detail =
    position > head
      ? `The log has no position ${position} yet; its last is ${head}. Interim events (words, speech) never get one.`
      : `Position ${position} was given, and its event is gone: its owner was erased, its retention period is over, or the database was restored to before it.`;
  return { check: 'logged', passed: false, detail };
}

function checksOf(facts: ExplainFacts, event: EventFacts): Check[] {
  const { tenant, token } = facts;
  const at = event.at.toISOString();
  const isOwn = event.tenantId === tenant.id;
  const isKept = event.seq === null || event.seq > tenant.expiredUntil;
  return [
    { check: 'logged', passed: true, detail: `It came in as position ${event.position}, of ${at}.` },
    { check: 'stamp', passed: isOwn, detail: stampDetail(facts, event) },
    { check: 'type', passed: true, detail: `${event.type} is durable: it is kept, and replayed after a reconnect.` },
    ...(isOwn ? [retention(isKept, tenant.expiredUntil)] : []),
    {
      check: 'tenant',
      passed: tenant.status === 'active',
      detail: `${tenant.id} is ${tenant.status} now${tenant.status === 'active' ? '' : ': it may open no stream'}.`,
    },
    ...(token === undefined ? [] : tokenChecks(token, event, facts)),
  ];
}

function stampDetail({ call, owner }: ExplainFacts, { type, agent, callId, tenantId }: EventFacts): string {
  const whose = tenantId === null ? "nobody's" : `${tenantId}'s`;
  if (type === CALL_ERASED)
    return `It was of a call that has been erased, or tells of that: its number stays, it has no content, and is ${whose}.`;
  if (callId === null || call === undefined) {
    const then = owner === undefined ? 'belonged to nobody' : `belonged to ${owner.tenant} (since ${owner.since})`;
    return `It belongs to no call, and the agent ${agent} ${then} when it came in: it is ${whose}.`;
  }
  // A call that was heard of after a transfer, and had begun before it.
  const isLate = tenantId !== null && owner?.tenant !== tenantId;
  const began = isLate ? 'began before that, as its source tells' : `began at position ${call.firstPosition}`;
  const then = `when its agent ${agent} belonged to ${tenantId ?? 'nobody'}`;
  return `The call ${callId} ${began}, ${then}: the call is ${whose}, to its end and for ever.`;
}

function retention(isKept: boolean, expiredUntil: number): Check {
  const detail = isKept
    ? 'It is within the time of retention.'
    : `Retention has removed the events up to ${expiredUntil}; a cursor before that gets log.gap.`;
  return { check: 'retention', passed: isKept, detail };
}

function tokenChecks(token: TokenFacts, event: EventFacts, { tenant, now }: ExplainFacts): Check[] {
  const faults = [
    ...(token.tenant === tenant.id ? [] : ["is not one of the tenant's"]),
    ...(token.revokedAt === null ? [] : [`was revoked at ${token.revokedAt}`]),
    ...(new Date(token.expiresAt) > now ? [] : [`expired at ${token.expiresAt}`]),
    ...(token.scopes.includes('events:read') ? [] : ['lacks the scope events:read']),
  ];
  const { agents, calls, types } = token.narrowing;
  const misses = [
    ...(agents === undefined || agents.includes(event.agent) ? [] : [`agents ${agents.join(', ')}`]),
    ...(calls === undefined || (event.callId !== null && calls.includes(event.callId))
      ? []
      : [`calls ${calls.join(', ')}`]),
    ...(types === undefined || typeMatcher(types)(event.type) ? [] : [`types ${types.join(', ')}`]),
  ];
  const standing = faults.length === 0 ? 'works' : faults.join(', and ');
  const filter = misses.length === 0 ? 'lets it through' : `is narrowed to ${misses.join(' and ')}`;
  return [
    { check: 'token', passed: faults.length === 0, detail: `The token ${token.id} ${standing}.` },
    { check: 'filter', passed: misses.length === 0, detail: `The token ${filter}.` },
  ];
}

function eventFacts({ position, seq, type, agent, callId, at, tenantId }: EventFacts) {
  const id = seq === null ? null : String(seq);
  return { position, id, type, agent, callId, at: at.toISOString(), tenant: tenantId };
}
