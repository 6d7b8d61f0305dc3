import { useCallback, useMemo } from 'react';
import { cookieClient } from '../../api/client.js';
import { path } from '../../api/path.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { WebhookPage } from '../../webhooks/webhook-page.js';
import { WebhooksPage } from '../../webhooks/webhooks-page.js';
import { keyOf } from '../../workspace/reach.js';
import { type Agent, listAll } from '../platform.js';
import { usePlatform } from '../platform-context.js';

interface Props {
  readonly tenant: string;
  readonly id: string | undefined;
}

/** A customer's webhooks, or one of them, for an operator. */
export default function TenantWebhooks({ tenant, id }: Props) {
  const { nameOf } = usePlatform();
  const load = useCallback(
    (signal: AbortSignal) => listAll<Agent>('/v1/admin/agents', 'agents', signal, { tenant }),
    [tenant],
  );
  const agents = useLoaded(load).value;
  const owner = nameOf(tenant);
  const place = useMemo(
    () => ({
      client: cookieClient,
      path: path`/v1/admin/tenants/${tenant}/webhooks`,
      home: path`/tenants/${tenant}/webhooks`,
      owner,
      agents: agents?.map(({ agent }) => agent) ?? null,
      callKey: (callId: string) => keyOf({ showsTenant: true }, { tenant, callId }),
    }),
    [tenant, owner, agents],
  );
  return id === undefined ? <WebhooksPage place={place} /> : <WebhookPage key={id} place={place} id={id} />;
}
