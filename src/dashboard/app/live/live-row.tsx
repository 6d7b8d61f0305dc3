import { memo } from 'react';
import { Link } from 'wouter';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, turnOf } from '../calls/call-facts.js';
import { callTexts } from '../texts/calls.js';
import { TenantTag, hueClass } from '../ui/tenant-tag.js';
import { namingIn } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import { useLiveCall } from './use-live-call.js';

/** In pixels, as live.css has it. */
export const LIVE_ROW_HEIGHT = 92;

interface Props {
  readonly callKey: string;
  readonly isShown: boolean;
}

/** One call in progress; renders when that one changes, and no other. Where several customers' stand there, in its one's colour. */
export const LiveRow = memo(function LiveRow({ callKey, isShown }: Props) {
  const workspace = useWorkspace();
  const call = useLiveCall(callKey);
  if (call === undefined) return null;
  const { summary, live, lastLine } = call;
  const { showsTenant } = workspace;
  const tenant = namingIn(workspace, callKey).tenant ?? null;
  return (
    <Link
      href={`/live/${encodeURIComponent(callKey)}`}
      className={showsTenant ? 'live-row live-row-owned' : 'live-row'}
      aria-current={isShown ? 'true' : undefined}
    >
      {showsTenant ? (
        <span className={`tenant-bar ${hueClass(tenant)}`} aria-hidden="true" />
      ) : (
        <AgentMark agent={summary.agent} />
      )}
      <span className="live-row-who">
        <bdi className="live-row-caller">{callerName(summary)}</bdi>
        <span className="live-row-agent">
          {showsTenant && <TenantTag tenant={tenant} />}
          <bdi>{callTexts.call.withAgent(summary.agent)}</bdi>
          <TransportTag transport={summary.transport} />
        </span>
      </span>
      <span className="live-row-state">
        <CallTimer {...summary} />
        <TurnTag turn={turnOf(live)} />
      </span>
      <span className="live-row-line" dir="auto">
        {live.hearing?.text || live.reply?.spoken || lastLine}
      </span>
    </Link>
  );
});
