/**
 * The model of an event, pure. A source decodes a wire into a {@link DecodedEvent}; admission makes it an
 * {@link AdmittedEvent}; the event log stamps it into a {@link LoggedEvent}, which is what readers are given.
 */
import { createHash, randomUUID } from 'node:crypto';
import { AgentName, CallId, TenantId, agentNameSchema, callIdSchema } from '../../common/ids.js';
import { exceedsDepth, serialiseJson } from '../../common/json.js';
import { FieldError, Problem } from '../../common/problem.js';
import { NO_TIME } from '../../common/written-time.js';

/** The name of the field that should say a time and does not. */
export interface UnreadableTime {
  readonly unreadable: string;
}

/** What a wire said, in the one customer vocabulary; nothing in it is believed yet. */
export interface DecodedEvent {
  readonly type: unknown;
  readonly agent: unknown;
  readonly callId: unknown;
  /** When it happened, as far as the wire says. Absent: when it came in. What cannot be read is never that: it is a fault. */
  readonly at: Date | UnreadableTime | undefined;
  /** Delivered live, never stored. */
  readonly ephemeral: boolean;
  /** What makes a repeat of this event recognisable, also after a restart; any JSON. Absent: nothing does. */
  readonly identity: readonly unknown[] | undefined;
  /** The identity that an earlier version gave it, if that may have stored it. */
  readonly formerIdentity?: readonly unknown[] | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event that may enter the log. `data` is the serialised text that goes out: one line of JSON. */
export interface AdmittedEvent {
  readonly type: string;
  readonly agent: AgentName;
  readonly callId: CallId | null;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  /** True when `at` is what the source said; false: when it came in. */
  readonly isTimed: boolean;
  readonly ephemeral: boolean;
  /** Hash of the event's identity: in a tenant's call, the log drops a second event of the same agent with the same key. */
  readonly key: string;
  /** Taken for its key where the log has it: an earlier version stored the event. */
  readonly formerKey?: string | undefined;
  /** Refused where its call has had an event of another type since this position: what it says is no longer so. */
  readonly unlessAfter?: number | undefined;
  readonly data: string;
}

/** An event as readers get it: whose it is, and where it stands. */
export interface LoggedEvent {
  readonly type: string;
  readonly agent: AgentName;
  readonly callId: CallId | null;
  readonly at: string;
  readonly data: string;
  readonly ephemeral: boolean;
  /** Nobody's events are for admins only. */
  readonly tenantId: TenantId | null;
  /** The platform's number. Of an ephemeral event: the log's last position when it came in, over all processes. */
  readonly position: number;
  /** The tenant's number; null when ephemeral or nobody's. */
  readonly seq: number | null;
}

/** A call. Ids are their senders' own: two tenants may use the same one, and neither notices. */
export interface CallName {
  /** Null: nobody's. */
  readonly tenantId: TenantId | null;
  readonly callId: CallId;
}

/** A call's name as one text. Neither part has white space in it. */
export function callKey(tenantId: string | null, callId: string): string {
  return `${tenantId ?? ''} ${callId}`;
}

/** Longest `data` of an event, in bytes of UTF-8. */
export const MAX_DATA_BYTES = 64 * 1024;
/** Deepest nesting of an event's `data`, the event itself included. */
export const MAX_DATA_DEPTH = 32;

/** The fault of an event that is nested too deep. */
export const TOO_DEEP: FieldError = { path: 'data', message: `is nested deeper than ${MAX_DATA_DEPTH}` };

const TYPE = /^[A-Za-z0-9._-]{1,64}$/;

/** What stands in place of an erased call's events, and tells those who have read them: `{"callId","agent","at"}`. */
export const CALL_ERASED = 'call.erased';

/** What a live rule says that has fired (docs/rules.md). */
export const RULE_FIRED = 'rule.fired';

/** An endpoint is sent nothing any more: `{"id","url","reason","at"}`. */
export const WEBHOOK_DISABLED = 'webhook.disabled';

/**
 * Types that no source may send: `error` and `message` collide with EventSource's own (security rule 12), the others are
 * what the stream itself, or the log, says to its reader.
 */
const RESERVED = new Set([
  'error', 'message', 'open', 'connected', 'log.caught_up', 'agents.changed', 'token.expiring', 'stream.closing', CALL_ERASED,
  RULE_FIRED,
  WEBHOOK_DISABLED,
]); // prettier-ignore

/**
 * Checks and serialises. Throws {@link Problem} `validation` or `payload-too-large`, naming every fault. `own`: a reserved type that the
 * product itself may say.
 */
export function admitEvent(event: DecodedEvent, receivedAt: Date, own?: typeof RULE_FIRED): AdmittedEvent {
  const errors: FieldError[] = [];
  const type = typeof event.type === 'string' ? event.type : '';
  if (!TYPE.test(type)) errors.push({ path: 'type', message: 'must be 1–64 of letters, digits, ".", "_" and "-"' });
  else if (RESERVED.has(type) && type !== own) errors.push({ path: 'type', message: `"${type}" is reserved` });
  const agent = agentNameSchema.safeParse(event.agent);
  if (!agent.success) errors.push({ path: 'agent', message: issueText(agent.error) });
  const callId = callIdSchema.nullable().safeParse(event.callId ?? null);
  if (!callId.success) errors.push({ path: 'callId', message: issueText(callId.error) });
  if (exceedsDepth(event.data, MAX_DATA_DEPTH)) errors.push(TOO_DEEP);
  const time = event.at ?? receivedAt;
  if (!(time instanceof Date)) errors.push({ path: time.unreadable, message: NO_TIME });
  if (errors.length > 0 || !agent.success || !callId.success || !(time instanceof Date)) {
    throw new Problem('validation', 'The event is not valid.', { errors });
  }
  const at = time.toISOString();
  const data = serialiseJson({ ...event.data, agent: agent.data, at });
  if (Buffer.byteLength(data) > MAX_DATA_BYTES) throw tooLarge();
  assertJson(data);
  const { ephemeral } = event;
  const isTimed = event.at !== undefined;
  const formerKey = event.formerIdentity && eventKey(event.formerIdentity);
  return { type, agent: agent.data, callId: callId.data, at, isTimed, ephemeral, key: keyOf(event), formerKey, data };
}

export function tooLarge(): Problem {
  return new Problem('payload-too-large', `An event may have at most ${MAX_DATA_BYTES} bytes of data.`);
}

/** What is stored has been parsed again (security rule 27): whatever came in, a reader of the log is given JSON. */
function assertJson(data: string): void {
  try {
    JSON.parse(data);
  } catch {
    throw new Problem('validation', 'The event is not valid.', {
      errors: [{ path: 'data', message: 'cannot be written as JSON' }],
    });
  }
}

/** An event without an identity gets one of its own, so that trying its append again cannot store it twice. */
function keyOf({ identity }: DecodedEvent): string {
  return identity ? eventKey(identity) : randomUUID();
}

export function eventKey(identity: readonly unknown[]): string {
  return createHash('sha256').update(serialiseJson(identity)).digest('base64url');
}

function issueText(error: { issues: { message: string }[] }): string {
  return error.issues[0]?.message ?? 'is not valid';
}
