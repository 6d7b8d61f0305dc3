import type { ReactNode } from 'react';
import { Link, useSearch } from 'wouter';
import type { CallView } from '../../../calls/fold/call-view.js';
import type { LiveState } from '../../../calls/fold/live-state.js';
import { callTexts } from '../texts/calls.js';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, turnOf } from './call-facts.js';
import { ScrollToLatest } from './scroll-to-latest.js';
import { ShowEarlier } from './show-earlier.js';
import { Transcript } from './transcript.js';

interface Props {
  readonly view: CallView;
  readonly live: LiveState;
  /** Shows what was said before; null where all is shown. */
  readonly onEarlier: (() => void) | null;
  readonly isFollowing: boolean;
  /** Its customer, if calls of several customers are shown together. */
  readonly owner?: ReactNode;
  /** Between the transcript and what every panel has below. */
  readonly desk?: ReactNode;
  /** Besides what every panel has below. */
  readonly tools?: ReactNode;
  /** What is said below a call that has ended. */
  readonly farewell: ReactNode;
}

/** A call being watched: the caller, its length, whose turn it is, and every word. */
export function CallPanel({ view, live, onEarlier, isFollowing, owner, desk, tools, farewell }: Props) {
  const hasEnded = view.state === 'ended';
  const search = useSearch();
  return (
    <>
      <header className="panel-head">
        <Link href={liveList(search)} className="panel-back button button-small">
          {callTexts.live.back}
        </Link>
        <AgentMark agent={view.agent} />
        <div className="panel-who">
          <h2 className="panel-title">
            <bdi>{callerName(view)}</bdi>
          </h2>
          <p className="muted panel-line">
            {owner}
            <bdi>{callTexts.call.withAgent(view.agent)}</bdi>
            <TransportTag transport={view.transport} />
          </p>
        </div>
        <div className="panel-state">
          <span className="panel-timer">
            <CallTimer {...view} />
          </span>
          <TurnTag turn={hasEnded ? 'ended' : turnOf(live)} />
        </div>
      </header>
      <ScrollToLatest
        watch={`${view.transcript.length} ${view.tools.length} ${live.reply?.words} ${live.hearing?.text.length}`}
      >
        {view.incomplete && <p className="notice">{callTexts.call.incomplete}</p>}
        {onEarlier && <ShowEarlier onShow={onEarlier} />}
        <Transcript view={view} live={hasEnded ? null : live} announces={!isFollowing} />
        {view.truncated && <p className="notice">{callTexts.call.truncated}</p>}
        {hasEnded && <p className="panel-ended muted">{farewell}</p>}
      </ScrollToLatest>
      {desk}
      <footer className="panel-foot">
        <FollowNote isFollowing={isFollowing} />
        {tools}
      </footer>
    </>
  );
}

/** Whether the page moves on to the next call by itself, and the button for it. */
function FollowNote({ isFollowing }: { readonly isFollowing: boolean }) {
  const search = useSearch();
  if (isFollowing) return <p className="follow-note muted">{callTexts.live.following}</p>;
  return (
    <Link href={liveList(search)} className="button button-small">
      {callTexts.live.follow}
    </Link>
  );
}

/** The list as it was searched and sorted. */
function liveList(search: string): string {
  return search === '' ? '/live' : `/live?${search}`;
}
