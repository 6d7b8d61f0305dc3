import { memo } from 'react';
import { Link, useSearch } from 'wouter';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, turnOf } from '../calls/call-facts.js';
import { useSeconds } from '../common/clock.js';
import { useStore } from '../common/store.js';
import type { LiveCall } from '../workspace/live-call.js';
import { namesOf } from '../calls/fired-rules.js';
import { callTexts } from '../texts/calls.js';
import { Icon } from '../ui/icons.js';
import { TenantTag, hueClass } from '../ui/tenant-tag.js';
import { namingIn } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import { needsOf } from './attention.js';
import { pins } from './pins.js';
import { useLiveCall } from './use-live-call.js';

const texts = callTexts.live;

/** In pixels, as live.css has it. */
export const LIVE_ROW_HEIGHT = 92;

/** Names of rules that a row has room for: the last that fired. */
const MAX_RULES = 2;

interface Props {
  readonly callKey: string;
  readonly isShown: boolean;
}

/** One call in progress. Where several customers' stand there, in its customer's colour. */
export const LiveRow = memo(function LiveRow({ callKey, isShown }: Props) {
  const workspace = useWorkspace();
  const search = useSearch();
  const isPinned = useStore(pins).includes(callKey);
  const call = useLiveCall(callKey);
  if (call === undefined) return null;
  const { summary, live, lastLine } = call;
  const { showsTenant } = workspace;
  const tenant = namingIn(workspace, callKey).tenant ?? null;
  return (
    <Link
      href={`/live/${encodeURIComponent(callKey)}${search === '' ? '' : `?${search}`}`}
      className={showsTenant ? 'live-row live-row-owned' : 'live-row'}
      aria-current={isShown ? 'true' : undefined}
    >
      {showsTenant ? (
        <span className={`tenant-bar ${hueClass(tenant)}`} aria-hidden="true" />
      ) : (
        <AgentMark agent={summary.agent} />
      )}
      <span className="live-row-who">
        <span className="live-row-caller">
          {isPinned && <Icon name="pin" />}
          <bdi>{callerName(summary)}</bdi>
        </span>
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
        <NeedTag call={call} />
        {live.hearing?.text || live.reply?.spoken || lastLine}
      </span>
    </Link>
  );
});

/** What is most urgent about it; silence and length come with time, and without any event. */
function NeedTag({ call }: { readonly call: LiveCall }) {
  const needs = needsOf(call, performance.now(), useSeconds() * 1000);
  const [need] = needs;
  // A rule has a name that somebody chose, so it is said beside a more urgent need, too.
  const rules = needs.includes('rule') ? namesOf(call.summary.fired) : [];
  return (
    <>
      {need !== undefined && need !== 'rule' && <span className={`need need-${need}`}>{texts.needs[need]}</span>}
      {rules.slice(-MAX_RULES).map((name) => (
        <span key={name} className="need need-rule">
          <span className="visually-hidden">{callTexts.rules.fired} </span>
          <bdi>{name}</bdi>
        </span>
      ))}
    </>
  );
}
