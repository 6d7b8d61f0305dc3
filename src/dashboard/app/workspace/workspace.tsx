/** What the pages share: how far they reach, who looks, and the calls as they happen. */
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import type { Client } from '../api/client.js';
import { asFault } from '../api/problem.js';
import { type Me, lookAgain } from '../session/session.js';
import { ConnectionContext } from '../stream/connection.js';
import { ownName } from '../common/place.js';
import { CallsFeed } from './calls-feed.js';
import { type Reach, reachOf } from './reach.js';

export interface Workspace extends Reach {
  readonly me: Me;
  readonly feed: CallsFeed;
}

const WorkspaceContext = createContext<Workspace | null>(null);

export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (workspace === null) throw new Error('useWorkspace() outside of a WorkspaceProvider');
  return workspace;
}

interface Props {
  readonly client: Client;
  readonly me: Me;
  readonly children: ReactNode;
}

/** Opens the stream when it is first shown, and closes it when it goes. */
export function WorkspaceProvider({ client, me, children }: Props) {
  const [feed, setFeed] = useState<CallsFeed | null>(null);
  const { tenant } = me;
  useEffect(() => {
    const isShared = client.mode === 'cookie' && tenant !== null;
    const shareAs = isShared ? ownName(`switchboard.stream.${tenant}`) : null;
    const opened = new CallsFeed({
      reach: reachOf(client, { tenant }),
      tenant,
      shareAs,
      isStillAllowed: () => isStillAllowed(client),
    });
    setFeed(opened);
    return () => opened.close();
  }, [client, tenant]);
  if (feed === null) return null;
  return (
    <ConnectionContext value={feed.connection}>
      <WorkspaceContext value={{ ...reachOf(client, me), me, feed }}>{children}</WorkspaceContext>
    </ConnectionContext>
  );
}

/** By cookie the whole page stands or falls with the session; a token of an operator's view only with itself. */
async function isStillAllowed(client: Client): Promise<boolean> {
  if (client.mode === 'cookie') return lookAgain('token-missing');
  try {
    await client.get('/v1/me');
    return true;
  } catch (error) {
    return !asFault(error).endsSession;
  }
}
