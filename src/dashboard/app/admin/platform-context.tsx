/** What the operator's pages share besides the workspace: who the customers are. */
import { type ReactNode, createContext, useCallback, useContext, useMemo } from 'react';
import { type Loaded, useLoaded } from '../stream/use-loaded.js';
import { TenantNames } from '../ui/tenant-names.js';
import { type Tenant, listTenants } from './platform.js';

interface Platform {
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
  const tenants = useLoaded(listTenants);
  const { value } = tenants;
  const names = useMemo(() => new Map(value?.map(({ tenant, name }) => [tenant, name])), [value]);
  const nameOf = useCallback((tenant: string) => names.get(tenant) ?? tenant, [names]);
  return (
    <PlatformContext value={{ tenants, nameOf }}>
      <TenantNames value={nameOf}>{children}</TenantNames>
    </PlatformContext>
  );
}
