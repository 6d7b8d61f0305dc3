import { useEffect, useState } from 'react';
import { useWorkspace } from '../shell/workspace.js';
import { CallRecord } from './call-record.js';

/** The whole of one call, from its log and from the stream, for as long as it is shown. */
export function useCallRecord(callId: string): CallRecord | null {
  const { client, feed } = useWorkspace();
  const [record, setRecord] = useState<CallRecord | null>(null);
  useEffect(() => {
    const opened = new CallRecord(client, callId, feed.calls.get(callId)?.live);
    // First the stream, then the log: what comes in between comes twice rather than not at all.
    const unfollow = feed.follow(callId, (frames) => opened.apply(frames));
    void opened.load();
    setRecord(opened);
    return () => {
      unfollow();
      opened.close();
    };
  }, [client, feed, callId]);
  return record;
}
