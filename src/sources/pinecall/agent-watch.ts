/**
 * Notices agents when they are made: a call of theirs may come at once, and its start is emitted once. It works by
 * shape, because the client is the SDK's. What it replaces is restored at the end.
 */
import { type Emitter, isEmitter } from './event-tap.js';

/** Methods of the client, and of its collections, that make or add an agent. */
const MAKERS = ['agent', 'line', 'createAgent', 'addAgent', 'register', 'deploy'];
const KEEPERS = ['set', 'add', 'push', 'unshift', 'splice'];
/** A plain object cannot be watched: it is checked this often. */
const OBJECT_LOOK_MS = 10;

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Calls `look` as soon as the client may have another agent, before the agent is returned to its maker. Returns the
 * function that ends it.
 */
export function watchAgents(client: Emitter, look: () => void): () => void {
  const agents = client['agents'];
  const kept = typeof agents === 'object' && agents !== null ? (agents as Record<string, unknown>) : undefined;
  const undo = [
    ...MAKERS.map((name) => after(client, name, look)),
    ...(kept ? KEEPERS.map((name) => after(kept, name, look)) : []),
  ];
  const isPlain = kept !== undefined && !hasEntries(kept);
  const looking = isPlain ? setInterval(look, OBJECT_LOOK_MS) : undefined;
  return () => {
    clearInterval(looking);
    for (const each of undo) each();
  };
}

/** A Map, an array, a set or a plain object of agents, or none. */
export function agentsOf(client: Emitter): [unknown, Emitter][] {
  const agents = client['agents'];
  if (typeof agents !== 'object' || agents === null) return [];
  const entries: Iterable<[unknown, unknown]> = hasEntries(agents) ? agents.entries() : Object.entries(agents);
  return [...entries].filter((entry): entry is [unknown, Emitter] => isEmitter(entry[1]));
}

/** Calls `look` after each call of a method, also of one that returns a promise. */
function after(owner: Record<string, unknown> | Emitter, name: string, look: () => void): () => void {
  const original = owner[name];
  if (typeof original !== 'function') return () => undefined;
  const before = Object.getOwnPropertyDescriptor(owner, name);
  function watched(this: unknown, ...args: unknown[]): unknown {
    const made = Reflect.apply(original as Method, this, args);
    look();
    if (made instanceof Promise) void made.then(look, () => undefined);
    return made;
  }
  const attributes = { configurable: true, writable: true, enumerable: before?.enumerable ?? false };
  if (!Reflect.defineProperty(owner, name, { ...attributes, value: watched })) return () => undefined;
  return () => {
    if (owner[name] !== watched) return; // Somebody has wrapped it after us.
    if (before) Reflect.defineProperty(owner, name, before);
    else Reflect.deleteProperty(owner, name);
  };
}

function hasEntries(value: object): value is { entries(): Iterable<[unknown, unknown]> } {
  return 'entries' in value && typeof value.entries === 'function';
}
