/** Small facts about every call, for rows and headings alike. */
import { memo } from 'react';
import type { CallSummary } from '../../../calls/fold/call-view.js';
import type { LiveState, Turn } from '../../../calls/fold/live-state.js';
import { callTexts } from '../texts/calls.js';
import { useLiveSeconds } from '../stream/use-connection.js';
import { clockText, spokenLength } from '../ui/format.js';
import { Icon, type IconName } from '../ui/icons.js';

/** The person at the other end: who called, or who was called. */
export function callerName(call: Pick<CallSummary, 'name' | 'from' | 'to' | 'direction' | 'transport'>): string {
  const { name, transport } = call;
  const person = call.direction === 'outbound' ? call.to : call.from;
  // A caller from a web page has no number: the wire repeats the transport there.
  if (name !== null) return name;
  return person === null || person === transport
    ? (callTexts.callers[transport ?? ''] ?? callTexts.call.unknownCaller)
    : person;
}

const TRANSPORT_ICONS: Readonly<Record<string, IconName>> = {
  phone: 'phone',
  webrtc: 'webrtc',
  chat: 'chat',
  whatsapp: 'whatsapp',
};

export function transportText(transport: string | null): string {
  return callTexts.transports[transport ?? 'unknown'] ?? transport ?? '';
}

export const TransportTag = memo(function TransportTag({ transport }: { readonly transport: string | null }) {
  return (
    <span className="transport">
      <Icon name={TRANSPORT_ICONS[transport ?? ''] ?? 'phone'} />
      {transportText(transport)}
    </span>
  );
});

/** `hearing`: it listens, and somebody speaks. */
export type ShownTurn = Turn | 'hearing' | 'live';

export function turnOf({ turn, hearing }: LiveState): ShownTurn {
  return turn === 'listening' && hearing !== null ? 'hearing' : turn;
}

export const TurnTag = memo(function TurnTag({ turn }: { readonly turn: ShownTurn }) {
  return (
    <span className={`turn turn-${turn}`}>
      <span className="turn-mark" aria-hidden="true" />
      {callTexts.turns[turn]}
    </span>
  );
});

/** Colours that tell agents apart at a glance; what is said never depends on them. */
const TINTS = 6;

export const AgentMark = memo(function AgentMark({ agent }: { readonly agent: string }) {
  const tint = [...agent].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % TINTS;
  return (
    <span className={`agent-mark tint-${tint}`} aria-hidden="true">
      {[...agent][0]?.toUpperCase()}
    </span>
  );
});

/** Runs while the call does. */
export function CallTimer({ startedAt, endedAt, duration }: Pick<CallSummary, 'startedAt' | 'endedAt' | 'duration'>) {
  return endedAt === null ? <RunningTimer startedAt={startedAt} /> : <Length seconds={duration ?? 0} />;
}

function RunningTimer({ startedAt }: { readonly startedAt: string }) {
  return <Length seconds={useLiveSeconds() - Date.parse(startedAt) / 1000} />;
}

function Length({ seconds }: { readonly seconds: number }) {
  return (
    <span className="numeric" role="img" aria-label={spokenLength(seconds)}>
      {clockText(seconds)}
    </span>
  );
}

export function reasonText(reason: string | null): string {
  return callTexts.reasons[reason ?? 'unknown'] ?? asWords(reason ?? '');
}

/** A name from the wire that has no text here yet: `agent_hangup` → `Agent hangup`. */
function asWords(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1).replaceAll('_', ' ');
}
