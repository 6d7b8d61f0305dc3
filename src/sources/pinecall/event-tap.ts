/** Listens to another program's emitter without its noticing, and leaves it as it was. */
import { isObject } from '../../common/exact-number.js';

type Handler = (...args: unknown[]) => void;

/** By shape, because the SDK's classes cannot be imported here. */
export interface Emitter {
  on(type: string, handler: Handler): unknown;
  readonly emit?: unknown;
  readonly [member: string]: unknown;
}

/** Must not throw: it runs among the emitter's own listeners. */
export type Hear = (type: string, args: readonly unknown[]) => void;

export function isEmitter(value: unknown): value is Emitter {
  return (isObject(value) || typeof value === 'function') && 'on' in value && typeof value.on === 'function';
}

/**
 * Listens to every type of a Node EventEmitter, by its `emit`, after its own listeners; of any other object with an
 * `on`, only to the named types. Returns the function that removes the tap; after that nothing is heard, whatever the
 * emitter keeps.
 */
export function tapEmitter(emitter: Emitter, types: Iterable<string>, hear: Hear): () => void {
  let isOff = false;
  const hearUntilOff: Hear = (type, args) => {
    if (!isOff) hear(type, args);
  };
  const untap = tapEmit(emitter, hearUntilOff) ?? tapOn(emitter, types, hearUntilOff);
  return () => {
    isOff = true;
    untap();
  };
}

/** Undefined if there is no `emit`, or if it cannot be replaced. */
function tapEmit(emitter: Emitter, hear: Hear): (() => void) | undefined {
  const original = emitter.emit;
  if (typeof original !== 'function') return undefined;
  const before = Object.getOwnPropertyDescriptor(emitter, 'emit');
  function emit(this: unknown, type: unknown, ...args: unknown[]): unknown {
    try {
      return Reflect.apply(original as Handler, this, [type, ...args]);
    } finally {
      if (typeof type === 'string') hear(type, args); // Also if a listener threw: the event happened all the same.
    }
  }
  const attributes = { configurable: true, writable: true, enumerable: before?.enumerable ?? false };
  if (!Reflect.defineProperty(emitter, 'emit', { ...attributes, value: emit })) return undefined;
  return () => {
    if (emitter.emit !== emit) return; // Somebody has wrapped it after us: removing ours would remove theirs too.
    if (before) Reflect.defineProperty(emitter, 'emit', before);
    else Reflect.deleteProperty(emitter, 'emit');
  };
}

function tapOn(emitter: Emitter, types: Iterable<string>, hear: Hear): () => void {
  const offs = [...types].map((type) => listen(emitter, type, (...args) => hear(type, args)));
  return () => offs.forEach((off) => off());
}

function listen(emitter: Emitter, type: string, handler: Handler): () => void {
  const returned = emitter.on(type, handler);
  return () => {
    const off = emitter['off'] ?? emitter['removeListener'];
    if (typeof off === 'function') Reflect.apply(off, emitter, [type, handler]);
    else if (typeof returned === 'function') Reflect.apply(returned, undefined, []);
  };
}
