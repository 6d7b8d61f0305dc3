import { useCallback, useEffect, useState } from 'react';
import { Link } from 'wouter';
import { PageHeading } from '../shell/page-heading.js';
import { useWatched } from '../stream/use-watched.js';
import { webhookTexts as texts } from '../texts/webhooks.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { NewSecret } from './new-secret.js';
import { Receivers } from './receivers.js';
import { tellTrouble } from './trouble.js';
import { MAX_WEBHOOKS, type NewWebhook, type WebhookList, type WebhookPlace } from './webhook.js';
import { WebhookForm } from './webhook-form.js';
import { WebhookTable } from './webhook-table.js';
import '../styles/stack-table.css';
import '../styles/tokens-page.css';
import '../styles/sections.css';
import '../styles/webhooks.css';

const LOOK_MS = 5000;

/** Where a customer's events are sent. Its own page, and the operator's under that customer. */
export function WebhooksPage({ place }: { readonly place: WebhookPlace }) {
  const { client, path, home, owner } = place;
  const load = useCallback(
    (signal: AbortSignal) => client.get<WebhookList>(path, { limit: MAX_WEBHOOKS }, signal),
    [client, path],
  );
  const { value, fault, reload } = useWatched(load, LOOK_MS);
  const [isCreating, setIsCreating] = useState(false);
  const [created, setCreated] = useState<NewWebhook | null>(null);
  useEffect(() => {
    if (owner === null && value !== undefined) tellTrouble(value.webhooks);
  }, [owner, value]);
  const finish = (webhook: NewWebhook) => {
    setIsCreating(false);
    setCreated(webhook);
    reload();
  };
  const isEmpty = value?.webhooks.length === 0;
  return (
    <div className="webhooks">
      <PageHeading title={owner === null ? texts.title : `${texts.title} · ${owner}`}>
        {!isCreating && (
          <div className="page-heading-end">
            <button type="button" className="button button-primary" onClick={() => setIsCreating(true)}>
              {texts.create}
            </button>
          </div>
        )}
      </PageHeading>
      {!isEmpty && <p className="muted webhooks-lead">{texts.lead}</p>}
      {isCreating && (
        <WebhookForm<NewWebhook> place={place} webhook={null} onDone={finish} onCancel={() => setIsCreating(false)} />
      )}
      {created && (
        <NewSecret key={created.id} secret={created.secret} isRotated={false} onDone={() => setCreated(null)}>
          <Link href={`${home}/${created.id}`} className="button button-primary">
            {texts.secret.open}
          </Link>
        </NewSecret>
      )}
      <section className="card" aria-label={texts.list} hidden={isEmpty && (isCreating || created !== null)}>
        {value === undefined && (fault ? <Failed fault={fault} onRetry={reload} /> : <Loading />)}
        {isEmpty && (
          <>
            <Empty title={texts.empty}>{texts.emptyHint}</Empty>
            <div className="webhooks-receivers">
              <Receivers />
            </div>
          </>
        )}
        {value !== undefined && !isEmpty && <WebhookTable place={place} webhooks={value.webhooks} />}
      </section>
    </div>
  );
}
