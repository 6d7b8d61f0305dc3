/**
 * Calls of every kind, by a seed: with silences, late and repeated events, failures, people who take over, ends that
 * never come.
 */
import type { Random } from './world/random.js';

const CALLER = [
  'I want a refund',
  'Cancel my order',
  'Let me speak to a person',
  'Yes please',
  'Mañana a las nueve',
  'No',
];
const AGENT = ['Sorry about that', 'One moment', 'Your order is on its way', 'I cannot do that', 'Gerne'];
const REASONS = ['hangup', 'timeout', 'failed'];

export interface TimedEvent {
  readonly event: string;
  readonly callId: string;
  readonly agent: string;
  readonly at: string;
  readonly [field: string]: unknown;
}

/** The events of one call in the order in which they come in; its time begins at `startMs`. */
export function callOf(random: Random, agent: string, callId: string, startMs: number): TimedEvent[] {
  const events: TimedEvent[] = [];
  let at = startMs;
  let count = 0;
  const add = (event: string, fields: object, afterMs: number) => {
    at += afterMs;
    // Some of what a source sends comes late.
    const said = random.below(20) === 0 ? at - random.below(8000) : at;
    events.push({ event, callId, agent, at: new Date(said).toISOString(), ...fields });
  };
  const pick = <T>(things: readonly T[]) => things[random.below(things.length)] as T;
  if (random.below(10) > 0)
    add('call.started', { from: '+34611111111', transport: pick(['phone', 'phone', 'chat']) }, 0);
  for (let turn = random.below(8); turn >= 0; turn -= 1) {
    const id = `m${(count += 1)}`;
    const pauseMs = random.below(4) === 0 ? random.below(30_000) : random.below(3000);
    const kind = random.below(10);
    if (kind < 4) add('user.message', { messageId: `u${id}`, text: pick(CALLER) }, pauseMs);
    else if (kind < 8) {
      const text = pick(AGENT);
      const latency = random.below(2) === 0 ? {} : { latencyMs: random.below(5000) };
      add('bot.speaking', { messageId: random.below(5) === 0 ? '' : `b${id}`, text, ...latency }, pauseMs);
      if (random.below(5) > 0) add(pick(['bot.finished', 'bot.finished', 'bot.interrupted']), { messageId: `b${id}` }, random.below(5000)); // prettier-ignore
      if (random.below(3) === 0) add('message.confirmed', { messageId: `b${id}`, text }, random.below(100));
    } else if (kind === 8) {
      add('tool.call', { id: `t${id}`, name: pick(['book', 'find']), args: {} }, pauseMs);
      add(
        'tool.result',
        { id: `t${id}`, ...(random.below(2) === 0 ? { error: 'down' } : { result: 1 }) },
        random.below(3000),
      );
    } else
      add(pick(['handoff.requested', 'handoff.active', 'handoff.released', 'turn.start']), { role: 'user' }, pauseMs);
  }
  // Somebody who still speaks when nothing more comes would be waited for for minutes.
  add('user.message', { messageId: `u${count}end`, text: 'No' }, 100);
  if (random.below(10) > 0) add('call.ended', { reason: pick(REASONS), duration: 9 }, random.below(20_000));
  if (random.below(3) === 0) add('call.score', { passed: random.below(2) === 0, judges: [] }, 1000);
  return events;
}

/** A rule of each kind, and of several together. */
export const EVERY_RULE: readonly object[] = [
  { name: 'refund', when: { said: { by: 'caller', words: ['refund', 'cancel my'] } }, once: 'call' },
  { name: 'sorry', when: { said: { by: 'agent', words: ['sorry'] } }, once: 'each' },
  { name: 'pattern', when: { said: { by: 'anybody', pattern: '(?i)\\b(ma[nñ]ana|gerne)\\b' } }, once: 'each' },
  { name: 'quiet', when: { silence: { seconds: 5 } }, once: 'each' },
  { name: 'agent quiet', when: { silence: { seconds: 3, by: 'agent' } }, once: 'each' },
  { name: 'caller quiet', when: { silence: { seconds: 4, by: 'caller' } }, once: 'call' },
  { name: 'slow', when: { latency: { overMs: 2500 } }, once: 'each' },
  { name: 'tool', when: { toolFailed: {} }, once: 'each' },
  { name: 'book', when: { toolFailed: { name: 'book' } }, once: 'call' },
  { name: 'long', when: { longerThan: { seconds: 12 } }, once: 'call' },
  { name: 'timeout', when: { ended: { reasons: ['timeout', 'failed'] } }, once: 'call' },
  { name: 'person', when: { handoff: 'requested' }, once: 'each' },
  { name: 'bad', when: { score: 'failed' }, once: 'call' },
  {
    name: 'angry and quiet',
    when: { all: [{ said: { by: 'caller', words: ['no'] } }, { silence: { seconds: 2, by: 'agent' } }] },
    once: 'each',
  },
  {
    name: 'long and failed',
    when: { all: [{ longerThan: { seconds: 5 } }, { toolFailed: {} }, { ended: { reasons: ['hangup'] } }] },
    once: 'call',
  },
];
