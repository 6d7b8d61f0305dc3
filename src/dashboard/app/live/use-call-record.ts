import { useCallback, useEffect, useState } from 'react';
import { useWorkspace } from '../shell/workspace.js';
import { useWhenLiveAgain } from '../stream/use-connection.js';
import { CallRecord } from './call-record.js';

/** One call, as it was kept and from the stream, for as long as it is shown. */
export function useCallRecord(callId: string): CallRecord | null {
  const { client, feed } = useWorkspace();
  const [record, setRecord] = useState<CallRecord | null>(null);
  useEffect(() => {
    const opened = new CallRecord(
      { client, path: `/v1/calls/${encodeURIComponent(callId)}`, hasLog: true },
      callId,
      feed.calls.get(callId)?.live,
    );
    // First the stream, then what was kept: what comes in between comes twice rather than not at all.
    const unfollow = feed.follow(callId, (frames) => opened.apply(frames));
    void opened.load();
    setRecord(opened);
    return () => {
      unfollow();
      opened.close();
    };
  }, [client, feed, callId]);
  useWhenLiveAgain(useCallback(() => record?.recover(), [record]));
  return record;
}
