/** What we say ourselves of a call: live rules (docs/rules.md), and people who steer it. */
import { z } from 'zod';
import { type EventType, durable, textOf } from './event-type.js';

const because = {
  condition: z.string().meta({ description: 'The condition’s name.', examples: ['said'] }),
  event: z.string().meta({ description: 'The id of the event that fulfilled it.', examples: ['3'] }),
  text: textOf('What was said in it.', 'I want a refund'),
};

export const RULE_EVENTS: readonly EventType[] = [
  durable('rule.fired', 'A live rule has fired: once for a rule and a call, or for a rule and an event.', {
    rule: z.string().meta({ description: 'The rule’s id.', examples: ['3f0c9a4e-58d2-4b7e-9a53-0f6f0d1f7c11'] }),
    name: z.string().meta({ description: 'The rule’s name when it fired.', examples: ['wants out'] }),
    because: z.object({
      ...because,
      all: z.array(z.object(because)).optional().meta({ description: 'Of several conditions: what fulfilled each.', examples: [[]] }), // prettier-ignore
    }),
  }),
  durable('call.steered', 'A person has asked for something in a call, and its source has accepted it.', {
    verb: textOf('`takeover`, `release`, `say`, `whisper`, `transfer` or `end`.', 'takeover'),
    by: textOf('Who asked, as that person said, or the beginning of the token’s id.', 'Ana'),
  }),
];
