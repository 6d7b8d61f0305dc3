/**
 * The model of an event, pure. A source decodes a wire into a {@link DecodedEvent}. Admission makes it an {@link
 * AdmittedEvent}. The event log stamps it into a {@link LoggedEvent}, which readers are given.
 */
import { createHash, randomUUID } from 'node:crypto';
import { AgentName, CallId, TenantId, agentNameSchema, callIdSchema } from '../../common/ids.js';
import { exceedsDepth, parseJson, serialiseJson } from '../../common/json.js';
import { FieldError, Problem } from '../../common/problem.js';
import { NO_TIME } from '../../common/written-time.js';

/** The name of a field that should hold a time and does not. */
export interface UnreadableTime {
  readonly unreadable: string;
}

/** What a wire said, in the one customer vocabulary. Nothing in it has been checked yet. */
export interface DecodedEvent {
  readonly type: unknown;
  readonly agent: unknown;
  readonly callId: unknown;
  /**
   * When it happened, if the wire says so. Absent: the time when it came in is used. A time that cannot be read is a
   * fault; it never counts as absent.
   */
  readonly at: Date | UnreadableTime | undefined;
  /** True: delivered live, never stored. */
  readonly ephemeral: boolean;
  /**
   * What makes a repeat of this event recognisable, also after a restart; any JSON. Absent: repeats cannot be
   * recognised.
   */
  readonly identity: readonly unknown[] | undefined;
  /** The identity that an earlier version gave the event, if that version may have stored it. */
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
  /** True when the source said `at`; false when it is the time when the event came in. */
  readonly isTimed: boolean;
  readonly ephemeral: boolean;
  /**
   * Hash of the event's identity. Within a tenant's call, the log drops a second event of the same agent with the same
   * key.
   */
  readonly key: string;
  /**
   * The key that an earlier version may have stored the event under. If the log has it, it is used in place of `key`.
   */
  readonly formerKey?: string | undefined;
  /**
   * The event is refused if its call has had an event of another type since this position, because then what it says is
   * no longer true.
   */
  readonly unlessAfter?: number | undefined;
  readonly data: string;
}

/** An event as readers get it: with its tenant and its place in the log. */
export interface LoggedEvent {
  readonly type: string;
  readonly agent: AgentName;
  readonly callId: CallId | null;
  readonly at: string;
  readonly data: string;
  readonly ephemeral: boolean;
  /** Null: nobody's; only admins get such an event. */
  readonly tenantId: TenantId | null;
  /** The platform's number. For an ephemeral event: the log's last position when it came in, over all processes. */
  readonly position: number;
  /** The tenant's number; null when ephemeral or nobody's. */
  readonly seq: number | null;
}

/** The identity of a call. Ids are chosen by their senders: two tenants may use the same id, and neither notices. */
export interface CallName {
  /** Null: nobody's. */
  readonly tenantId: TenantId | null;
  readonly callId: CallId;
}

/** A call's identity as one text. Neither part contains white space. */
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

/**
 * The type of the tombstones of an erased call, and of the event that tells readers of the erasure:
 * `{"callId","agent","at"}`.
 */
export const CALL_ERASED = 'call.erased';

/** A person of the tenant has steered the call: `{"callId","verb","by","agent","at"}`. */
export const CALL_STEERED = 'call.steered';

/** A live rule has fired (docs/rules.md). */
export const RULE_FIRED = 'rule.fired';

/** A webhook endpoint is sent nothing any more: `{"id","url","reason","at"}`. */
export const WEBHOOK_DISABLED = 'webhook.disabled';

/**
 * Types that no source may send. `error` and `message` collide with EventSource's own (security rule 12). The others
 * are used by the stream itself, or by the log, to speak to the reader.
 */
const RESERVED = new Set([
  'error', 'message', 'open', 'connected', 'log.caught_up', 'agents.changed', 'token.expiring', 'stream.closing', CALL_ERASED,
  RULE_FIRED,
  CALL_STEERED,
  WEBHOOK_DISABLED,
]); // prettier-ignore

/**
 * Checks and serialises an event. Throws {@link Problem} `validation` or `payload-too-large`, which names every fault.
 * `own`: a reserved type that the product itself may send.
 */
export function admitEvent(
  event: DecodedEvent,
  receivedAt: Date,
  own?: typeof RULE_FIRED | typeof CALL_STEERED,
): AdmittedEvent {
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

/** The text is parsed again before it is stored (security rule 27), so that readers of the log always get JSON. */
function assertJson(data: string): void {
  try {
    JSON.parse(data);
  } catch {
    throw new Problem('validation', 'The event is not valid.', {
      errors: [{ path: 'data', message: 'cannot be written as JSON' }],
    });
  }
}

/** An event without an identity gets a key of its own, so that a repeated append cannot store it twice. */
function keyOf({ identity }: DecodedEvent): string {
  return identity ? eventKey(identity) : randomUUID();
}

export function eventKey(identity: readonly unknown[]): string {
  return createHash('sha256').update(serialiseJson(identity)).digest('base64url');
}

function issueText(error: { issues: { message: string }[] }): string {
  return error.issues[0]?.message ?? 'is not valid';
}

/** The types whose `cost` is the operator's. */
const BILLED = new Set(['call.summary', 'call.score']);

/**
 * What the event's tenant is shown of its data: everything but what the upstream charged, which is the operator's bill.
 * One line of JSON.
 */
export function shownData({ type, data }: Pick<LoggedEvent, 'type' | 'data'>): string {
  if (!BILLED.has(type) || !data.includes('"cost"')) return data;
  const { cost: _cost, ...shown } = parseJson(data) as Readonly<Record<string, unknown>>;
  return serialiseJson(shown);
}
