import { createContext } from 'react';

/** How people call a customer, by its id; the id itself where nobody has said. */
export const TenantNames = createContext<(tenant: string) => string>((tenant) => tenant);
