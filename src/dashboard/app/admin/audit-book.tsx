import AuditPage from '../audit/audit-page.js';
import { usePlatform } from './platform-context.js';

/** The platform's book of changes, which can be narrowed to a customer. */
export default function AuditBook() {
  const { tenants } = usePlatform();
  return <AuditPage tenants={tenants.value ?? []} />;
}
