import { Suspense, lazy } from 'react';
import type { CallView } from '../../../../calls/fold/call-view.js';
import type { CallRecord } from '../../calls/call-record.js';
import { useWorkspace } from '../../workspace/workspace.js';

/** Few who watch a call step in. */
const Desk = lazy(() => import('./desk.js'));

interface Props {
  readonly view: CallView;
  readonly record: CallRecord;
  /** The panel moves on to other calls by itself: words would go to a call that nobody meant. */
  readonly isFollowing: boolean;
}

/** The desk, for those who may steer this call. */
export function DeskPlace({ view, record, isFollowing }: Props) {
  const { me, client } = useWorkspace();
  const maySteer = me.tenant !== null && me.scopes.includes('calls:steer') && client.mode === 'cookie';
  if (!maySteer || isFollowing || view.state === 'ended') return null;
  return (
    <Suspense>
      <Desk view={view} place={record.place.path} />
    </Suspense>
  );
}
