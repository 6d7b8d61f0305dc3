/** What the operator's pages share: all customers' calls as they happen, and who the customers are. */
import { type ReactNode, createContext, useContext, useEffect, useMemo, useState } from 'react';
import { ConnectionContext } from '../stream/connection.js';
import { type Loaded, useLoaded } from '../ui/use-loaded.js';
import { PlatformFeed } from './platform-feed.js';
import { type Tenant, listTenants } from './platform.js';

interface Platform {
  readonly feed: PlatformFeed;
  readonly tenants: Loaded<Tenant[]>;
  /** As people call it. */
  readonly nameOf: (tenant: string) => string;
}

const PlatformContext = createContext<Platform | null>(null);

export function usePlatform(): Platform {
  const platform = useContext(PlatformContext);
  if (platform === null) throw new Error('usePlatform() outside of a PlatformProvider');
  return platform;
}

export function PlatformProvider({ children }: { readonly children: ReactNode }) {
  const [feed, setFeed] = useState<PlatformFeed | null>(null);
  const tenants = useLoaded(listTenants);
  const { value } = tenants;
  useEffect(() => {
    const opened = new PlatformFeed();
    setFeed(opened);
    return () => opened.close();
  }, []);
  const names = useMemo(() => new Map(value?.map(({ tenant, name }) => [tenant, name])), [value]);
  if (feed === null) return null;
  const nameOf = (tenant: string) => names.get(tenant) ?? tenant;
  return (
    <ConnectionContext value={feed.connection}>
      <PlatformContext value={{ feed, tenants, nameOf }}>{children}</PlatformContext>
    </ConnectionContext>
  );
}
