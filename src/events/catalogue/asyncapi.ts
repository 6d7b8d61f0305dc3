/**
 * `/asyncapi.json`: the streams and the events that they carry, as AsyncAPI 3 describes them
 * (https://www.asyncapi.com/docs/reference/specification/v3.0.0).
 */
import { type DescribedEventType, describedEventTypes } from './catalogue.js';

/** The streams, by the names of their channels. `/v1/admin/events` carries the same events with a `tenant`. */
const STREAMS = {
  tenantEvents: { address: '/v1/events', title: 'Every agent of the caller’s tenant' },
  agentEvents: { address: '/v1/agents/{agent}/events', title: 'One agent', parameter: ['agent', 'Its exact name.'] },
  callEvents: {
    address: '/v1/calls/{call}/events',
    title: 'One call, from its start, then live',
    parameter: ['call', 'Its id.'],
  },
  allEvents: { address: '/v1/admin/events', title: 'Every tenant, and what nobody owns; `data` has a `tenant`, too' },
} as const;

/** Names in the keys and references of an AsyncAPI document must not have dots. */
const keyOf = (type: string) => type.replaceAll('.', '_');

/** `publicUrl`: where the streams are reached. */
export function asyncApiOf(publicUrl: string): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Switchboard',
      version: '1',
      description:
        'Event streams (text/event-stream). `event:` is the name of the message, `data:` its payload, `id:` the cursor of a ' +
        'durable one. Types and fields that are not described here may come at any time.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    defaultContentType: 'application/json',
    servers: { this: serverAt(new URL(publicUrl)) },
    channels: Object.fromEntries(Object.entries(STREAMS).map(([name, stream]) => [name, channelOf(stream)])),
    operations: Object.fromEntries(Object.keys(STREAMS).map((name) => [`send_${name}`, operationOf(name)])),
    components: {
      messages: Object.fromEntries(describedEventTypes().map((type) => [keyOf(type.type), messageOf(type)])),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        streamToken: { type: 'httpApiKey', in: 'query', name: 'token' },
      },
    },
  };
}

function serverAt({ host, protocol, pathname }: URL): object {
  const security = ['bearer', 'streamToken'].map((name) => ({ $ref: `#/components/securitySchemes/${name}` }));
  return { host, protocol: protocol.slice(0, -1), pathname, security };
}

function messageOf({ type, durable, summary, schema, example }: DescribedEventType): object {
  return {
    name: type,
    title: type,
    summary,
    contentType: 'application/json',
    description: durable ? 'Durable: it has an `id` and is replayed.' : 'Live only: it has no `id` of its own.',
    payload: schema,
    examples: [{ name: keyOf(type), payload: example }],
  };
}

/** Every stream may carry every type. */
function channelOf(stream: (typeof STREAMS)[keyof typeof STREAMS]): object {
  const [name, description] = 'parameter' in stream ? stream.parameter : [];
  const parameters = name === undefined ? {} : { parameters: { [name]: { description } } };
  const keys = describedEventTypes().map(({ type }) => keyOf(type));
  const messages = Object.fromEntries(keys.map((key) => [key, { $ref: `#/components/messages/${key}` }]));
  return { address: stream.address, title: stream.title, ...parameters, messages };
}

function operationOf(channel: string): object {
  return { action: 'send', channel: { $ref: `#/channels/${channel}` }, summary: 'What the stream carries.' };
}
