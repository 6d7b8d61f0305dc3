import { useEffect, useState } from 'react';
import { reasonText } from '../calls/call-facts.js';
import { CallPanel } from '../calls/call-panel.js';
import { liveStateOf } from '../../../calls/live-state.js';
import { callTexts } from '../texts/calls.js';
import { Failed, Loading } from '../ui/states.js';
import { useStore } from '../ui/store.js';
import { usePlatform } from './platform-context.js';
import { namingIn } from './platform-feed.js';
import { PlatformRecord } from './platform-record.js';
import { TenantTag } from './tenant-tag.js';

interface Props {
  readonly callKey: string;
  readonly isFollowing: boolean;
}

/** The call that is watched: whose, who, for how long, and every word. */
export function PlatformPanel({ callKey, isFollowing }: Props) {
  const { feed } = usePlatform();
  const [record, setRecord] = useState<PlatformRecord | null>(null);
  useEffect(() => {
    const opened = new PlatformRecord(namingIn(callKey), feed.calls.get(callKey)?.live ?? liveStateOf('live'));
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

function Panel({ record, isFollowing }: { readonly record: PlatformRecord; readonly isFollowing: boolean }) {
  const { view, live, fault } = useStore(record.state);
  if (view === undefined) return fault ? <Failed fault={fault} onRetry={() => void record.load()} /> : <Loading />;
  const farewell = `${callTexts.live.gone}: ${reasonText(view.reason)}.`;
  return <CallPanel {...{ view, live, isFollowing, farewell }} owner={<TenantTag tenant={record.name.tenant} />} />;
}
