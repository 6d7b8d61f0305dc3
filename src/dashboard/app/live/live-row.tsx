import { memo } from 'react';
import { Link } from 'wouter';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, turnOf } from '../calls/call-facts.js';
import { callTexts } from '../texts/calls.js';
import { useLiveCall } from './use-live-call.js';

/** In pixels, as live.css has it. */
export const LIVE_ROW_HEIGHT = 92;

interface Props {
  readonly callId: string;
  readonly isShown: boolean;
}

export const LiveRow = memo(function LiveRow({ callId, isShown }: Props) {
  const call = useLiveCall(callId);
  if (call === undefined) return null;
  const { summary, live, lastLine } = call;
  const line = live.hearing?.text || live.reply?.spoken || lastLine;
  return (
    <Link href={`/live/${encodeURIComponent(callId)}`} className="live-row" aria-current={isShown ? 'true' : undefined}>
      <AgentMark agent={summary.agent} />
      <span className="live-row-who">
        <bdi className="live-row-caller">{callerName(summary)}</bdi>
        <span className="live-row-agent">
          <bdi>{callTexts.call.withAgent(summary.agent)}</bdi>
          <TransportTag transport={summary.transport} />
        </span>
      </span>
      <span className="live-row-state">
        <CallTimer {...summary} />
        <TurnTag turn={turnOf(live)} />
      </span>
      <span className="live-row-line" dir="auto">
        {line}
      </span>
    </Link>
  );
});
