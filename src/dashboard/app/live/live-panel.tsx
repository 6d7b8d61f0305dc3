import { Link } from 'wouter';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, reasonText, turnOf } from '../calls/call-facts.js';
import { ScrollToLatest } from '../calls/scroll-to-latest.js';
import { Transcript } from '../calls/transcript.js';
import { callTexts } from '../texts/calls.js';
import { Failed, Loading } from '../ui/states.js';
import { useStore } from '../ui/store.js';
import type { CallRecord } from './call-record.js';
import { FollowNote } from './follow-note.js';
import { useCallRecord } from './use-call-record.js';

interface Props {
  readonly callId: string;
  readonly isFollowing: boolean;
}

/** The call that is watched: who, for how long, whose turn, and every word. */
export function LivePanel({ callId, isFollowing }: Props) {
  const record = useCallRecord(callId);
  return record === null ? <Loading /> : <Panel record={record} isFollowing={isFollowing} />;
}

function Panel({ record, isFollowing }: { readonly record: CallRecord; readonly isFollowing: boolean }) {
  const { view, live, fault, isComplete } = useStore(record.state);
  if (view === undefined) return fault ? <Failed fault={fault} onRetry={() => void record.load()} /> : <Loading />;
  const hasEnded = view.state === 'ended';
  return (
    <>
      <header className="panel-head">
        <Link href="/live" className="panel-back button button-small">
          {callTexts.live.back}
        </Link>
        <AgentMark agent={view.agent} />
        <div className="panel-who">
          <h2 className="panel-title">
            <bdi>{callerName(view)}</bdi>
          </h2>
          <p className="muted panel-line">
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
        <Transcript view={view} live={hasEnded ? null : live} isLoading={!isComplete} announces={!isFollowing} />
        {hasEnded && (
          <p className="panel-ended muted">
            {callTexts.live.gone}: {reasonText(view.reason)}.{' '}
            <Link href={`/calls/${encodeURIComponent(view.callId)}`}>{callTexts.live.openRecord}</Link>
          </p>
        )}
      </ScrollToLatest>
      <footer className="panel-foot">
        <FollowNote isFollowing={isFollowing} />
      </footer>
    </>
  );
}
