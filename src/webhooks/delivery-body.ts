/** The body that is sent; pure. The part that all endpoints have in common is made once for each event and format. */
import { serialiseJson } from '../common/json.js';
import { shownData } from '../events/log/event.js';

export const FORMATS = ['standard', 'cloudevents'] as const;
export type Format = (typeof FORMATS)[number];

/** The type of what an endpoint with `each: "call"` is sent. */
export const CALL_COMPLETED = 'call.completed';

/** The types that end a conversation. Then an endpoint with `each: "call"` is sent the call. */
export const ENDINGS: ReadonlySet<string> = new Set(['call.ended', 'whatsapp.sessionEnded']);

/** The parts of an event that a body needs. */
export interface Sent {
  readonly type: string;
  readonly at: string;
  readonly callId: string | null;
  readonly agent: string;
  /** One line of JSON. */
  readonly data: string;
  /** The tenant's number. */
  readonly seq: number;
  readonly isTest?: boolean;
}

export const CONTENT_TYPE: Readonly<Record<Format, string>> = {
  standard: 'application/json; charset=utf-8',
  cloudevents: 'application/cloudevents+json; charset=utf-8',
};

/** CloudEvents' `subject`: what the event is about. */
function aboutOf({ callId, agent }: Sent): string | undefined {
  return callId ?? (agent === '' ? undefined : agent);
}

/** The body without the part that differs between endpoints, which comes at its end. */
function commonPart(event: Sent, format: Format, tenantId: string): string {
  const { type, at, seq } = event;
  const id = String(seq);
  const test = event.isTest === true ? { test: true } : {};
  const head =
    format === 'standard'
      ? { type, timestamp: at, id, ...test }
      : {
          specversion: '1.0',
          id,
          source: `/tenants/${tenantId}`,
          type,
          subject: aboutOf(event),
          time: at,
          datacontenttype: 'application/json',
          ...test,
        };
  return `${serialiseJson(head).slice(0, -1)},"data":${shownData(event)}`;
}

/** `previous`: the event that was sent to this endpoint before this one. */
export function bodyOf(common: string, previous: number | null): string {
  return `${common},"previous":${previous === null ? 'null' : `"${previous}"`}}`;
}

/** Bodies of events that are sent to several endpoints. They are kept as long as the event itself. */
export class Bodies {
  private readonly made = new WeakMap<Sent, Map<Format, string>>();

  of(event: Sent, format: Format, tenantId: string, previous: number | null): string {
    const known = this.made.get(event) ?? new Map<Format, string>();
    this.made.set(event, known);
    const common = known.get(format) ?? commonPart(event, format, tenantId);
    known.set(format, common);
    return bodyOf(common, previous);
  }
}

/** The same at every attempt. */
export function messageId(webhookId: string, seq: number): string {
  return `msg_${webhookId}_${seq}`;
}
