import { useMemo } from 'react';
import { PageHeading } from '../shell/page-heading.js';
import { webhookTexts as texts } from '../texts/webhooks.js';
import { Empty } from '../ui/states.js';
import { useWorkspace } from '../workspace/workspace.js';
import { WebhookPage } from './webhook-page.js';
import { WebhooksPage } from './webhooks-page.js';

/** A customer's own webhooks, or one of them. */
export default function OwnWebhooks({ id }: { readonly id?: string | undefined }) {
  const { client, me } = useWorkspace();
  const { agents } = me;
  const place = useMemo(
    () => ({ client, path: '/v1/webhooks', home: '/webhooks', owner: null, agents, callKey: (call: string) => call }),
    [client, agents],
  );
  if (me.scopes.includes('webhooks:write'))
    return id === undefined ? <WebhooksPage place={place} /> : <WebhookPage key={id} place={place} id={id} />;
  return (
    <>
      <PageHeading title={texts.title} />
      <section className="card">
        <Empty title={texts.notAllowed}>{texts.notAllowedHint}</Empty>
      </section>
    </>
  );
}
