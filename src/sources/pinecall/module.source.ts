/**
 * The embedded topology: the operator's module, whose default export is the SDK's `Pinecall` client, runs in this
 * process and its events are tapped. Nothing here may affect the agents' code: a tap never throws and never waits.
 */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LossySink } from '../lossy-sink.js';
import { EventSink, InvalidSource, Source } from '../source.js';
import type { DecodedEvent } from '../../events/log/event.js';
import { pushLive } from './agent-wire.js';
import { PassedOver } from '../passed-over.js';
import { unlessAborted } from '../../common/waiting.js';
import { agentsOf, watchAgents } from './agent-watch.js';
import { decodeAgentEvent, isControl } from './decode.js';
import { Emitter, isEmitter, tapEmitter } from './event-tap.js';
import { fieldsOf } from './module-event.js';
import { OpenCalls } from './open-calls.js';
import { SpokenWords } from './spoken-words.js';
import { isObject } from '../../common/exact-number.js';

/**
 * Agents can be registered at any time, and are noticed at once. Those registered in a way that we cannot watch are
 * found within this time.
 */
const LOOK_FOR_AGENTS_MS = 1000;
/** Events of a client about itself. */
const NOT_EVENTS = new Set(['newListener', 'removeListener', 'error']);
/** The SDK has lost the voice server: for the SDK its calls are over, and it reports no more of them. */
const LINK_LOST = 'disconnected';
/** pinecall/README.md, "Types seen" and wire B: the types to listen to if there is only an `on`. */
const TYPES = new Set(
  [
    'call.started call.ended speech.started speech.ended user.speaking user.message eager.turn turn.pause turn.end',
    'turn.resumed turn.continued bot.speaking bot.word bot.finished bot.interrupted message.confirmed reply.rejected',
    'audio.metrics call.dtmf_received skill.loaded skill.unloaded whatsapp.sessionStarted whatsapp.sessionEnded',
    'whatsapp.message whatsapp.response whatsapp.status session.paused session.resumed llm.toolCall llm.tool_result',
  ].flatMap((line) => line.split(' ')),
);

/**
 * Reads `module:./agents.mjs`, a path from the working directory. The module is loaded once, however often this runs.
 */
export class ModuleSource implements Source {
  readonly name: string;
  readonly once = true;
  private readonly path: string;
  private client: Promise<Emitter> | undefined;

  /** Throws {@link InvalidSource}. */
  constructor(entry: string) {
    this.name = entry;
    this.path = entry.replace(/^module:/, '');
    if (this.path === '' || this.path === entry)
      throw new InvalidSource('SOURCES: a module looks like module:./agents.mjs');
  }

  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const client = await unlessAborted(this.load(), signal);
    if (!client || signal.aborted) return;
    const taps = new AgentTaps(client, sink, this.name);
    const look = () => taps.tapAgents();
    const unwatch = watchAgents(client, look);
    const looking = setInterval(look, LOOK_FOR_AGENTS_MS);
    try {
      taps.tapClient();
      taps.tapAgents();
      live();
      await unlessAborted(new Promise<never>(() => undefined), signal);
    } finally {
      clearInterval(looking);
      unwatch();
      taps.untap();
    }
  }

  private load(): Promise<Emitter> {
    this.client ??= loadClient(this.path).catch((error: unknown) => {
      this.client = undefined;
      throw error;
    });
    return this.client;
  }
}

/** Throws {@link InvalidSource}. */
async function loadClient(path: string): Promise<Emitter> {
  const client = await defaultExportOf(path).catch((error: unknown) => {
    const line = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
    throw new InvalidSource(`SOURCES: ${path} cannot be loaded: ${line}`);
  });
  if (isEmitter(client)) return client;
  const shape =
    'a Pinecall client (an object with on(event, handler)), a promise of one or a function that returns one';
  throw new InvalidSource(`SOURCES: the default export of ${path} must be ${shape}`);
}

async function defaultExportOf(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as { readonly default?: unknown };
  const exported = await module.default;
  return typeof exported === 'function' && !isEmitter(exported)
    ? (Reflect.apply(exported, undefined, []) as unknown)
    : exported;
}

/** The taps of one run, and the events that come in by them. */
class AgentTaps {
  private readonly taps = new Map<Emitter, () => void>();
  /** Agents cannot be told to wait. */
  private readonly sink: LossySink;
  private readonly unreadable: PassedOver;
  private readonly nobodys: PassedOver;
  /** Which emitter sent what first in this tick: an agent's event may also come by the client, as the same object. */
  private said = new WeakMap<object, Map<string, Emitter>>();
  private isTickOpen = false;
  private readonly words = new SpokenWords();
  private readonly calls = new OpenCalls();

  constructor(
    private readonly client: Emitter,
    sink: EventSink,
    source: string,
  ) {
    this.sink = new LossySink(source, sink);
    this.unreadable = new PassedOver(source, 'event that could not be read: too large, cyclic or it threw');
    this.nobodys = new PassedOver(source, 'event that names no agent');
  }

  tapClient(): void {
    this.tap(this.client, undefined);
  }

  /** Agents that are not tapped yet. */
  tapAgents(): void {
    try {
      for (const [key, agent] of agentsOf(this.client)) {
        if (this.taps.has(agent)) continue;
        const name = agent['name'] ?? key;
        this.tap(agent, typeof name === 'string' ? name : undefined);
      }
    } catch {
      this.unreadable.note(); // A getter of theirs threw; it is tried again.
    }
  }

  untap(): void {
    for (const untap of this.taps.values()) untap();
  }

  private tap(emitter: Emitter, agentName: string | undefined): void {
    const untap = tapEmitter(emitter, TYPES, (type, args) => this.hear(emitter, agentName, type, args));
    this.taps.set(emitter, untap);
  }

  private hear(emitter: Emitter, agentName: string | undefined, type: string, args: readonly unknown[]): void {
    if (NOT_EVENTS.has(type) || isControl(type)) return;
    try {
      if (type === LINK_LOST) return this.loseCalls(emitter === this.client ? undefined : agentName);
      const fields = fieldsOf(type, args, agentName);
      if (!fields) return;
      if (fields['agent'] === undefined) this.noteNobodys(type);
      else if (!this.isRepeat(emitter, type, args)) this.handOn(decodeAgentEvent(type, fields));
    } catch {
      this.unreadable.note(); // The operator has to fix that; the other listeners and the next event are not affected.
    }
  }

  private handOn(event: DecodedEvent): void {
    this.calls.note(event);
    void pushLive(this.sink, this.words.take(event));
  }

  /** `agent`: only its calls. */
  private loseCalls(agent: string | undefined): void {
    this.words.clear();
    for (const event of this.calls.lost(agent)) void pushLive(this.sink, event);
  }

  /** If agents are tapped, each emitter names its agent; an unknown type without an agent is not an agent's event. */
  private noteNobodys(type: string): void {
    if (this.taps.size === 1 && TYPES.has(type)) this.nobodys.note();
  }

  /** From another emitter: an emitter that sends the same object twice means it. */
  private isRepeat(emitter: Emitter, type: string, args: readonly unknown[]): boolean {
    const event = args.find(isObject);
    if (!event) return false;
    const said = this.said.get(event) ?? new Map<string, Emitter>();
    const first = said.get(type) ?? emitter;
    this.said.set(event, said.set(type, first));
    this.closeTick();
    return first !== emitter;
  }

  private closeTick(): void {
    if (this.isTickOpen) return;
    this.isTickOpen = true;
    setImmediate(() => {
      this.isTickOpen = false;
      this.said = new WeakMap();
    });
  }
}
