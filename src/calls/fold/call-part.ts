/** The parts of a call: messages, tools, links. Each grows by itself, and is found by its key without the others. */
import type { CallEvent } from './call-event.js';
import { better, claim } from './claim.js';
import { type Keyed, valueAt, withValue } from './keyed.js';
import { type LinksState, linkIn, linksAfter, linksKey } from './links-state.js';
import { type MessageState, isMessage, keyOfMessage, messageAfter, messageKey } from './message-state.js';
import { type ToolState, toolAfter, toolParts } from './tool-state.js';
import { idOf, numberOf, textOf } from './value.js';

export type Part = MessageState | ToolState | LinksState;

/** The type of a later word on what a message says. */
const CORRECTED = 'bot.corrected';

/**
 * The parts after one more event. Messages and tools come out the same whatever the order. A correction changes what stands
 * before it, so it must come after that.
 */
export function partsAfter(parts: Keyed<Part>, event: CallEvent): Keyed<Part> {
  const { type, seq, data } = event;
  if (type === CORRECTED) return correctedBy(parts, event);
  if (isMessage(type)) {
    const key = keyOfMessage(event);
    const next = withValue(parts, key, messageAfter(messageAt(parts, key), event));
    return withLink(next, numberOf(data['seq']), key, seq);
  }
  return toolParts(event).reduce((known, part) => {
    const key = toolKey(part.id);
    const tool = valueAt(known, key);
    return withValue(known, key, toolAfter(tool?.kind === 'tool' ? tool : undefined, part, event));
  }, parts);
}

/**
 * Keys of the parts that an event reads or changes, as far as `known` tells: a correction names a number, and what has that number is
 * only known once its links are.
 */
export function keysOf(event: CallEvent, known: Keyed<Part>): string[] {
  const { type, data } = event;
  const links = linkKeys(numberOf(data['seq']));
  if (isMessage(type)) return [keyOfMessage(event), ...links];
  if (type !== CORRECTED) return toolParts(event).map(({ id }) => toolKey(id));
  const { supersedes, byId } = namedIn(event);
  const linked = supersedes === null ? undefined : linkAt(known, supersedes)?.value;
  return [
    ...links,
    ...linkKeys(supersedes),
    ...(byId === null ? [] : [byId]),
    ...(linked === undefined ? [] : [linked]),
  ];
}

/** Under what a part is kept. */
export function keyOfPart(part: Part): string {
  if (part.kind === 'message') return messageKey(part.role, part.id, part.first.seq);
  return part.kind === 'tool' ? toolKey(part.id) : linksKey(part.group);
}

export function toolKey(id: string): string {
  return `tool ${id}`;
}

/** The message is that of the number, else that of the id; a correction of what is not known changes nothing. */
function correctedBy(parts: Keyed<Part>, event: CallEvent): Keyed<Part> {
  const { seq, data } = event;
  const { supersedes, byId } = namedIn(event);
  const link = supersedes === null ? undefined : linkAt(parts, supersedes);
  const key = link !== undefined && link.seq < seq ? link.value : byId;
  const message = key === null ? undefined : messageAt(parts, key);
  if (key === null || message === undefined || message.first.seq > seq) return parts;
  const corrected = better(message.corrected, claim(textOf(data['text']) ?? '', 0, seq));
  return withLink(withValue(parts, key, { ...message, corrected }), numberOf(data['seq']), key, seq);
}

/** What a correction says that it is about: the number of an entry, a message's id. */
function namedIn({ data }: CallEvent): { supersedes: number | null; byId: string | null } {
  const id = idOf(data['messageId']);
  return { supersedes: numberOf(data['supersedes']), byId: id === null ? null : messageKey('bot', id, 0) };
}

function messageAt(parts: Keyed<Part>, key: string): MessageState | undefined {
  const part = valueAt(parts, key);
  return part?.kind === 'message' ? part : undefined;
}

function linkKeys(source: number | null): string[] {
  return source === null ? [] : [linksKey(source)];
}

function linkAt(parts: Keyed<Part>, source: number) {
  const links = valueAt(parts, linksKey(source));
  return links?.kind === 'links' ? linkIn(links, source) : undefined;
}

function withLink(parts: Keyed<Part>, source: number | null, key: string, seq: number): Keyed<Part> {
  if (source === null) return parts;
  const known = valueAt(parts, linksKey(source));
  const next = linksAfter(known?.kind === 'links' ? known : undefined, source, key, seq);
  return next === known || next === undefined ? parts : withValue(parts, linksKey(source), next);
}
