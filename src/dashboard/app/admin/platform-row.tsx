import { memo, useCallback, useSyncExternalStore } from 'react';
import { Link } from 'wouter';
import { CallTimer, TransportTag, TurnTag, callerName, turnOf } from '../calls/call-facts.js';
import { callTexts } from '../texts/calls.js';
import { usePlatform } from './platform-context.js';
import { namingIn } from './platform-feed.js';
import { TenantTag, hueOf } from './tenant-tag.js';

interface Props {
  readonly callKey: string;
  readonly isShown: boolean;
}

/** One call in progress, with its customer's colour; renders when that one changes, and no other. */
export const PlatformRow = memo(function PlatformRow({ callKey, isShown }: Props) {
  const { feed } = usePlatform();
  const { calls } = feed;
  const subscribe = useCallback((listener: () => void) => calls.subscribe(callKey, listener), [calls, callKey]);
  const call = useSyncExternalStore(subscribe, () => calls.get(callKey));
  if (call === undefined) return null;
  const { summary, live, lastLine } = call;
  const { tenant } = namingIn(callKey);
  const hue = tenant === null ? 'hue-none' : `hue-${hueOf(tenant)}`;
  return (
    <Link
      href={`/live/${encodeURIComponent(callKey)}`}
      className="live-row platform-row"
      aria-current={isShown ? 'true' : undefined}
    >
      <span className={`tenant-bar ${hue}`} aria-hidden="true" />
      <span className="live-row-who">
        <bdi className="live-row-caller">{callerName(summary)}</bdi>
        <span className="live-row-agent">
          <TenantTag tenant={tenant} />
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
