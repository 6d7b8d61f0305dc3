/**
 * Events as structured CloudEvents 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md), for
 * readers that ask for `?format=cloudevents` (docs/protocol.md, section 4.7). What the stream itself says keeps its
 * form.
 */
import { createHash } from 'node:crypto';
import { type LoggedEvent, shownData } from '../log/event.js';
import { type Numbering, PLATFORM_NUMBERING, TENANT_NUMBERING } from './frame.js';

/** One line of JSON. `id` and `source` together name the event: `source` says in which numbering the id counts. */
export function cloudEventText(event: LoggedEvent, source: string, number: number | null, tenant?: string): string {
  const { type, callId, at, data } = event;
  const context = {
    specversion: '1.0',
    id: number === null ? ephemeralId(event) : String(number),
    source,
    type,
    ...(callId === null ? {} : { subject: callId }),
    ...(tenant === undefined ? {} : { tenant }),
    time: at,
    datacontenttype: 'application/json',
  };
  // The stored text goes out as it is. Parsing and serialising it again would only cost time and digits.
  return `${JSON.stringify(context).slice(0, -1)},"data":${data}}`;
}

/** The id of an event that the log does not number. It is the same for all its readers. */
function ephemeralId({ position, data }: LoggedEvent): string {
  return `${position}-${createHash('sha256').update(data).digest('base64url').slice(0, 16)}`;
}

function frame(type: string, number: number | null, text: string): string {
  return `event: ${type}\n${number === null ? '' : `id: ${number}\n`}data: ${text}\n\n`;
}

const TENANT_CLOUD_EVENTS: Numbering = {
  name: 'tenant cloudevents',
  numberOf: TENANT_NUMBERING.numberOf,
  frameOf: (event) => {
    const shown = { ...event, data: shownData(event) };
    return frame(event.type, event.seq, cloudEventText(shown, `/tenants/${event.tenantId}`, event.seq));
  },
};

const PLATFORM_CLOUD_EVENTS: Numbering = {
  name: 'platform cloudevents',
  numberOf: PLATFORM_NUMBERING.numberOf,
  frameOf: (event) => {
    const number = PLATFORM_NUMBERING.numberOf(event);
    return frame(event.type, number, cloudEventText(event, '/platform', number, event.tenantId ?? undefined));
  },
};

export type StreamFormat = 'cloudevents' | undefined;

export function tenantNumbering(format: StreamFormat): Numbering {
  return format === undefined ? TENANT_NUMBERING : TENANT_CLOUD_EVENTS;
}

export function platformNumbering(format: StreamFormat): Numbering {
  return format === undefined ? PLATFORM_NUMBERING : PLATFORM_CLOUD_EVENTS;
}
