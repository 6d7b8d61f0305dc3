/**
 * All calls of all agents as one timeline. Pure and lazy: for each call in progress only its next cue is held, in one
 * queue. Seed and agents alone decide what is said, by whom and when; the run's start affects the ids only.
 */
import { Conversation, isSpoken } from './conversation.js';
import { playConversation } from './conversation-player.js';
import { CONVERSATIONS } from './conversations.js';
import type { DemoAgent } from './demo-agents.js';
import { DueQueue } from './due-queue.js';
import type { SimulatorOptions } from './options.js';
import { SeededRandom } from './random.js';
import { Cue, Scene, sceneOf } from './scene.js';

export interface ScheduledCue {
  /** After the start, at real-life speed. */
  readonly atMs: number;
  readonly type: string;
  readonly data: Cue['data'];
}

/** The start of simulated calls' ids: by it, calls that a killed run left open are found. */
export const SIMULATED = '51b0';

/** A visitor of the demo should see something at once: the very first call begins at this time. */
const FIRST_CALL_MS = 300;
/** The longest time between the agents' first calls. */
const FIRST_CALLS_APART_MS = 1500;

/** Waits for its moment: the next cue of a call, or an agent whose next call is to begin. */
type Due = { readonly cue: Cue; readonly rest: Iterator<Cue, void> } | { readonly desk: Desk };

/** In order of time. Ends when `options.calls` calls have ended; without that, never. */
export function* scheduleCalls(options: SimulatorOptions, startedAtMs: number): Generator<ScheduledCue, void> {
  const queue = new DueQueue<Due>();
  const gapMs = 60_000 / options.callsPerMinute;
  const apartMs = Math.min(FIRST_CALLS_APART_MS, gapMs / options.agents.length);
  for (const [index, agent] of options.agents.entries()) {
    queue.push(FIRST_CALL_MS + index * apartMs, { desk: new Desk(agent, options.seed, startedAtMs) });
  }
  let begun = 0;
  for (let due = queue.pop(); due !== undefined; due = queue.pop()) {
    const { atMs, item } = due;
    if ('desk' in item) {
      if (options.calls !== undefined && begun >= options.calls) continue;
      begun += 1;
      enqueueNext(queue, atMs, playConversation(item.desk.nextScene()));
      queue.push(atMs + gapMs * item.desk.random.between(0.6, 1.4), item);
    } else {
      yield { atMs, type: item.cue.type, data: item.cue.data };
      enqueueNext(queue, atMs, item.rest);
    }
  }
}

function enqueueNext(queue: DueQueue<Due>, atMs: number, rest: Iterator<Cue, void>): void {
  const next = rest.next();
  if (!next.done) queue.push(atMs + next.value.afterMs, { cue: next.value, rest });
}

/** Where an agent's calls come in. An agent's behaviour does not depend on which other agents there are. */
class Desk {
  readonly random: SeededRandom;
  private readonly ids: SeededRandom;
  private readonly repertoire: readonly Conversation[];
  /** Conversations still to be played before any is repeated. */
  private bag: Conversation[];

  constructor(
    private readonly agent: DemoAgent,
    seed: number,
    startedAtMs: number,
  ) {
    this.random = new SeededRandom(`calls ${seed} ${agent.agent}`);
    this.ids = new SeededRandom(`ids ${seed} ${startedAtMs} ${agent.agent}`);
    const { businesses } = agent;
    this.repertoire = CONVERSATIONS.filter(({ business }) => businesses.length === 0 || businesses.includes(business));
    // The first is one that shows something interesting.
    this.bag = [this.random.pick(this.repertoire.filter(isSpoken))];
  }

  nextScene(): Scene {
    const conversation = this.bag.pop() ?? this.refill();
    const id = `${conversation.transport === 'whatsapp' ? 'WA' : 'CA'}_${SIMULATED}${this.ids.hex(12)}`;
    const random = new SeededRandom(this.random.hex(32));
    return sceneOf(conversation, { id, agent: this.agent.agent, random });
  }

  private refill(): Conversation {
    const [first, ...others] = this.random.shuffled(this.repertoire);
    if (first === undefined) throw new RangeError(`no conversation for ${this.agent.agent}`);
    this.bag = others;
    return first;
  }
}
