/**
 * Turns what the SDK passes to a listener in its own process into an event of wire A. Pure. The SDK's types are not
 * public, so this goes by shape: `(data)`, `(call)`, `(data, call)` and `(call, data)` are all understood.
 */
import { MAX_DATA_DEPTH } from '../../events/log/event.js';
import { isObject } from '../../common/exact-number.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of a call that wire A repeats beside an event's own. The rest of a call object is internal to the SDK,
 * keys included.
 */
const OF_A_CALL = ['from', 'to', 'direction', 'transport'];
/** The fields with which a call object describes its end. */
const OF_AN_ENDED_CALL = ['duration', 'reason'];
/** No event within the 64 KiB limit of the log has more. Bounds the cost of copying a cyclic or shared object. */
const MAX_VALUES = 32_768;

/**
 * The fields of an event, copied as JSON-able data: no function, no internals of a class instance. Undefined if no
 * argument is an object. `agentName` names the emitter's agent. Throws if the data is too deep, too large or cyclic.
 */
export function fieldsOf(type: string, args: readonly unknown[], agentName?: string): Fields | undefined {
  const objects = args.filter(isObject);
  const event = objects.find((each) => !isCall(each)) ?? objects.find(isPlain) ?? objects[0];
  if (!event) return undefined;
  const call = [...objects, event['call']].filter(isObject).find((each) => each !== event && isCall(each)) ?? event;
  const agent = agentOf(event) ?? agentOf(call) ?? agentName ?? event['agentId'] ?? call['agentId'];
  return {
    ...(isCall(call) ? { callId: call['callId'] ?? call['id'], ...pick(call, OF_A_CALL) } : {}),
    ...(type === 'call.ended' ? ending(call, args) : {}),
    ...(isCall(event) && !isPlain(event) ? {} : ownFields(event)),
    ...(agent === undefined ? {} : { agent }),
  };
}

/** Without references back into the SDK: they have been used to find whose event it is. */
function ownFields(event: Fields): Fields {
  const isData = ([key, value]: [string, unknown]) =>
    !((key === 'agent' || key === 'call') && isObject(value)) && (isPlain(event) || !key.startsWith('_'));
  return copyFields(Object.fromEntries(Object.entries(event).filter(isData)), new Budget());
}

/** An object that stands for a call, not for something that happened in it. */
function isCall(value: Fields): boolean {
  const id = value['callId'] ?? value['id'];
  const isHappening = ['event', 'messageId', 'text'].some((key) => key in value);
  return typeof id === 'string' && !isHappening && [...OF_A_CALL, 'hangup'].some((key) => key in value);
}

/** Also of `(call, reason)`. */
function ending(call: Fields, args: readonly unknown[]): Fields {
  const reason = args.slice(1).find((each) => typeof each === 'string');
  return { ...pick(call, OF_AN_ENDED_CALL), ...(reason === undefined ? {} : { reason }) };
}

function agentOf(value: Fields): string | undefined {
  const agent = value['agent'];
  const name = isObject(agent) ? agent['name'] : agent;
  return typeof name === 'string' ? name : undefined;
}

/** Includes the getters of a class. */
function pick(value: Fields, names: readonly string[]): Fields {
  const scalars = names.map((name) => [name, value[name]]).filter(([, each]) => /string|number/.test(typeof each));
  return Object.fromEntries(scalars) as Fields;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Checked by its prototype's prototype: an object of another realm (a vm, a test) has another Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

class Budget {
  private left = MAX_VALUES;

  spend(): void {
    if (this.left-- === 0) throw new Error('the event is too large, or cyclic');
  }
}

function copyFields(source: object, budget: Budget, depth = 1): Fields {
  if (depth > MAX_DATA_DEPTH) throw new Error('the event is nested too deep, or cyclic');
  const entries = Object.entries(source).map(([key, value]) => [key, copy(value, budget, depth + 1)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The value as JSON would write it; undefined for values that JSON cannot express. */
function copy(value: unknown, budget: Budget, depth: number): unknown {
  budget.spend();
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DATA_DEPTH) throw new Error('the event is nested too deep, or cyclic');
  if (Array.isArray(value)) return value.map((each) => copy(each, budget, depth + 1) ?? null);
  if (hasToJson(value)) return copy(value.toJSON(), budget, depth + 1);
  return isPlain(value) ? copyFields(value, budget, depth) : undefined;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
