/** What a customer's pages share: how they speak to the server, who looks, and the calls in progress. */
import { createContext, type ReactNode, useContext } from 'react';
import type { Client } from '../api/client.js';
import type { Me } from '../session/session.js';

export interface Workspace {
  readonly client: Client;
  readonly me: Me;
}

const WorkspaceContext = createContext<Workspace | null>(null);

export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (workspace === null) throw new Error('useWorkspace() outside of a WorkspaceProvider');
  return workspace;
}

interface Props extends Workspace {
  readonly children: ReactNode;
}

export function WorkspaceProvider({ client, me, children }: Props) {
  return <WorkspaceContext value={{ client, me }}>{children}</WorkspaceContext>;
}
