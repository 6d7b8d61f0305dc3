/**
 * The types of events that readers receive, each with the schema of its `data`. They are shown by `GET
 * /v1/event-types`, `/asyncapi.json` and docs/events.md.
 */
import { exampleOf } from '../../common/json-example.js';
import { type JsonSchema, jsonSchemaOf } from '../../common/json-schema.js';
import { AGENT_EVENTS } from './agent-events.js';
import { CALL_EVENTS } from './call-events.js';
import { CONTROL_EVENTS } from './control-events.js';
import type { EventType } from './event-type.js';
import { RULE_EVENTS } from './rule-events.js';
import { SPEECH_EVENTS } from './speech-events.js';

/** In the order in which they are shown. Any other part that writes into the log adds its types here. */
export const EVENT_TYPES: readonly EventType[] = [
  ...CALL_EVENTS,
  ...SPEECH_EVENTS,
  ...AGENT_EVENTS,
  ...RULE_EVENTS,
  ...CONTROL_EVENTS,
];

export interface DescribedEventType extends Omit<EventType, 'schema'> {
  /** The schema of `data`: JSON Schema (draft-07), complete, without references. */
  readonly schema: JsonSchema;
  readonly example: unknown;
}

let described: readonly DescribedEventType[] | undefined;

/** Made when it is first asked for. */
export function describedEventTypes(): readonly DescribedEventType[] {
  return (described ??= EVENT_TYPES.map(({ schema, ...type }) => {
    const converted = jsonSchemaOf(schema, 'output', 'draft-07').schema;
    return { ...type, schema: converted, example: exampleOf(converted, {}) };
  }));
}
