import { useCallback, useMemo } from 'react';
import { Link } from 'wouter';
import { path } from '../../api/path.js';
import { Rules } from '../../rules/rules-page.js';
import { ruleTexts as texts } from '../../texts/rules.js';
import { useWorkspace } from '../../workspace/workspace.js';
import { keyOf } from '../../workspace/reach.js';
import { usePlatform } from '../platform-context.js';

/** A customer's rules, as the customer has them. */
export default function TenantRulesPage({ tenant }: { readonly tenant: string }) {
  const { client, showsTenant } = useWorkspace();
  const { nameOf } = usePlatform();
  const callHref = useCallback(
    (callId: string) => `/calls/${encodeURIComponent(keyOf({ showsTenant }, { tenant, callId }))}`,
    [showsTenant, tenant],
  );
  const place = useMemo(
    () => ({
      client,
      path: path`/v1/admin/tenants/${tenant}/rules`,
      agents: null,
      callHref,
      callsHref: (rule: string) => `/calls?rule=${rule}`,
      webhooksHref: `${path`/tenants/${tenant}/webhooks`}?types=rule.fired`,
    }),
    [client, tenant, callHref],
  );
  return (
    <>
      <Link href={path`/tenants/${tenant}`} className="back-link">
        {texts.backToCustomer}
      </Link>
      <Rules title={texts.titleOf(nameOf(tenant))} place={place} />
    </>
  );
}
