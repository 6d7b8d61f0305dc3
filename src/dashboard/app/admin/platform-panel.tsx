import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { AgentMark, CallTimer, TransportTag, TurnTag, callerName, reasonText, turnOf } from '../calls/call-facts.js';
import { ScrollToLatest } from '../calls/scroll-to-latest.js';
import { Transcript } from '../calls/transcript.js';
import { liveStateOf } from '../../../calls/live-state.js';
import { adminTexts } from '../texts/admin.js';
import { callTexts } from '../texts/calls.js';
import { Failed, Loading } from '../ui/states.js';
import { useStore } from '../ui/store.js';
import { usePlatform } from './platform-context.js';
import { PlatformRecord } from './platform-record.js';
import { TenantTag } from './tenant-tag.js';

interface Props {
  readonly callId: string;
  readonly isFollowing: boolean;
}

/** The call that is watched: whose, who, for how long, and every word. */
export function PlatformPanel({ callId, isFollowing }: Props) {
  const { feed } = usePlatform();
  const [record, setRecord] = useState<PlatformRecord | null>(null);
  useEffect(() => {
    const opened = new PlatformRecord(callId, feed.calls.get(callId)?.live ?? liveStateOf('live'));
    // First the stream, then what was kept: what comes in between comes twice rather than not at all.
    const silence = feed.listen((frames) => opened.apply(frames));
    void opened.load();
    setRecord(opened);
    return () => {
      silence();
      opened.close();
    };
  }, [feed, callId]);
  return record === null ? <Loading /> : <Panel record={record} isFollowing={isFollowing} />;
}

function Panel({ record, isFollowing }: { readonly record: PlatformRecord; readonly isFollowing: boolean }) {
  const { view, live, fault, tenant } = useStore(record.state);
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
            <TenantTag tenant={tenant} />
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
        <Transcript view={view} live={hasEnded ? null : live} announces={!isFollowing} />
        {hasEnded && (
          <p className="panel-ended muted">
            {adminTexts.live.gone}: {reasonText(view.reason)}.
          </p>
        )}
      </ScrollToLatest>
      <footer className="panel-foot">
        {isFollowing ? (
          <p className="follow-note muted">{callTexts.live.following}</p>
        ) : (
          <Link href="/live" className="button button-small">
            {callTexts.live.follow}
          </Link>
        )}
      </footer>
    </>
  );
}
