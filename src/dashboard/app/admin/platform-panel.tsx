import { useEffect, useState } from 'react';
import { reasonText } from '../calls/call-facts.js';
import { CallPanel } from '../calls/call-panel.js';
import { cookieClient } from '../api/client.js';
import { CallRecord } from '../live/call-record.js';
import { callTexts } from '../texts/calls.js';
import { Failed, Loading } from '../ui/states.js';
import { useStore } from '../ui/store.js';
import { usePlatform } from './platform-context.js';
import { namingIn } from './platform-feed.js';
import { path } from './platform.js';
import { TenantTag } from './tenant-tag.js';

interface Props {
  readonly callKey: string;
  readonly isFollowing: boolean;
}

/** The call that is watched: whose, who, for how long, and every word. */
export function PlatformPanel({ callKey, isFollowing }: Props) {
  const { feed } = usePlatform();
  const [record, setRecord] = useState<CallRecord | null>(null);
  useEffect(() => {
    const { tenant, callId } = namingIn(callKey);
    // A link that names the call only is the server's to understand: mostly one customer has it.
    const whose = callKey.includes('~') ? { tenant, query: tenant === null ? { unassigned: 'true' } : { tenant } } : {};
    const place = { client: cookieClient, path: path`/v1/admin/calls/${callId}`, hasLog: false, ...whose };
    const opened = new CallRecord(place, callId, feed.calls.get(callKey)?.live);
    // First the stream, then what was kept: what comes in between comes twice rather than not at all.
    const silence = feed.listen((frames) => opened.apply(frames));
    void opened.load();
    setRecord(opened);
    return () => {
      silence();
      opened.close();
    };
  }, [feed, callKey]);
  return record === null ? <Loading /> : <Panel record={record} isFollowing={isFollowing} />;
}

function Panel({ record, isFollowing }: { readonly record: CallRecord; readonly isFollowing: boolean }) {
  const { view, live, fault, tenant, earlier } = useStore(record.state);
  if (view === undefined) return fault ? <Failed fault={fault} onRetry={() => void record.load()} /> : <Loading />;
  const farewell = `${callTexts.live.gone}: ${reasonText(view.reason)}.`;
  const onEarlier = earlier === null ? null : () => void record.showEarlier();
  return <CallPanel {...{ view, live, isFollowing, farewell, onEarlier }} owner={<TenantTag tenant={tenant} />} />;
}
