/** The parts of a call: messages, tools, corrections. Each grows by itself, so a part can be kept apart from the others. */
import type { CallEvent } from './call-event.js';
import { type MessageState, isMessage, keyOfMessage, messageAfter } from './message-state.js';
import { type ToolState, toolAfter, toolParts } from './tool-state.js';
import { idOf, numberOf, textOf } from './value.js';

/** A later word on what a message says (`bot.corrected`). */
export interface Correction {
  readonly kind: 'correction';
  readonly seq: number;
  /** Its own number in the upstream call log, and that of the entry whose text it replaces. */
  readonly source: number | null;
  readonly supersedes: number | null;
  readonly messageId: string | null;
  readonly text: string;
}

export type Part = MessageState | ToolState | Correction;

export interface PartChange {
  readonly key: string;
  /** The part after the event. */
  readonly next: (known: Part | undefined) => Part;
}

/** What an event changes besides the call itself. */
export function partChanges(event: CallEvent): readonly PartChange[] {
  const { type, seq } = event;
  if (isMessage(type)) {
    const next = (known: Part | undefined) => messageAfter(known?.kind === 'message' ? known : undefined, event);
    return [{ key: keyOfMessage(event), next }];
  }
  if (type === 'bot.corrected') return [{ key: `correction ${seq}`, next: () => correctionIn(event) }];
  return toolParts(event).map((part) => ({
    key: `tool ${part.id}`,
    next: (known) => toolAfter(known?.kind === 'tool' ? known : undefined, part, event),
  }));
}

function correctionIn({ seq, data }: CallEvent): Correction {
  return {
    ...{ kind: 'correction', seq, source: numberOf(data['seq']), supersedes: numberOf(data['supersedes']) },
    ...{ messageId: idOf(data['messageId']), text: textOf(data['text']) ?? '' },
  };
}
