import { useCallback, useEffect, useState } from 'react';
import { path } from '../api/path.js';
import { useWhenLiveAgain } from '../stream/use-connection.js';
import { type Reach, namingIn } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import { type CallPlace, CallRecord } from './call-record.js';

/** One call, as it was kept and from the stream, for as long as it is shown. `key`: as the live calls have it. */
export function useCallRecord(key: string): CallRecord | null {
  const { client, api, showsTenant, feed } = useWorkspace();
  const [record, setRecord] = useState<CallRecord | null>(null);
  useEffect(() => {
    const reach = { client, api, showsTenant };
    const { callId } = namingIn(reach, key);
    const opened = new CallRecord(placeOf(reach, key), callId, feed.calls.get(key)?.live);
    // First the stream, then the kept call: events in between come twice rather than not at all.
    const unfollow = feed.follow(callId, (frames) => opened.apply(frames));
    void opened.load();
    setRecord(opened);
    return () => {
      unfollow();
      opened.close();
    };
  }, [client, api, showsTenant, feed, key]);
  useWhenLiveAgain(useCallback(() => record?.recover(), [record]));
  return record;
}

function placeOf(reach: Reach, key: string): CallPlace {
  const { client, api, showsTenant } = reach;
  const { callId, tenant } = namingIn(reach, key);
  const place = { client, path: `${api}${path`/calls/${callId}`}`, hasLog: !showsTenant };
  // The server resolves a link that names only the call: usually one customer has it.
  if (tenant === undefined) return place;
  return { ...place, tenant, query: tenant === null ? { unassigned: 'true' } : { tenant } };
}
