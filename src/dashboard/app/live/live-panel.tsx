import { Link } from 'wouter';
import { reasonText } from '../calls/call-facts.js';
import { CallPanel } from '../calls/call-panel.js';
import { callTexts } from '../texts/calls.js';
import { Failed, Loading } from '../ui/states.js';
import { useStore } from '../ui/store.js';
import type { CallRecord } from './call-record.js';
import { useCallRecord } from './use-call-record.js';

interface Props {
  readonly callId: string;
  readonly isFollowing: boolean;
}

/** The call that is watched. */
export function LivePanel({ callId, isFollowing }: Props) {
  const record = useCallRecord(callId);
  return record === null ? <Loading /> : <Panel record={record} isFollowing={isFollowing} />;
}

function Panel({ record, isFollowing }: { readonly record: CallRecord; readonly isFollowing: boolean }) {
  const { view, live, fault, earlier } = useStore(record.state);
  if (view === undefined) return fault ? <Failed fault={fault} onRetry={() => void record.load()} /> : <Loading />;
  const farewell = (
    <>
      {callTexts.live.gone}: {reasonText(view.reason)}.{' '}
      <Link href={`/calls/${encodeURIComponent(view.callId)}`}>{callTexts.live.openRecord}</Link>
    </>
  );
  return (
    <CallPanel
      {...{ view, live, isFollowing, farewell }}
      onEarlier={earlier === null ? null : () => void record.showEarlier()}
    />
  );
}
