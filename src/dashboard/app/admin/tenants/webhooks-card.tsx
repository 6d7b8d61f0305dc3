import { useCallback } from 'react';
import { Link } from 'wouter';
import { cookieClient } from '../../api/client.js';
import { path } from '../../api/path.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { adminTexts } from '../../texts/admin.js';
import { webhookTexts } from '../../texts/webhooks.js';
import { Failed } from '../../ui/states.js';
import { MAX_WEBHOOKS, type WebhookList, needsAttention } from '../../webhooks/webhook.js';

const texts = adminTexts.tenants;

/** Whether a customer's webhooks are well, and the way to them. */
export function WebhooksCard({ tenant }: { readonly tenant: string }) {
  const load = useCallback(
    (signal: AbortSignal) =>
      cookieClient.get<WebhookList>(path`/v1/admin/tenants/${tenant}/webhooks`, { limit: MAX_WEBHOOKS }, signal),
    [tenant],
  );
  const { value, fault, reload } = useLoaded(load);
  const troubled = value?.webhooks.filter(needsAttention).length ?? 0;
  return (
    <section className="card admin-section" aria-labelledby="tenant-webhooks">
      <header className="section-head">
        <h2 id="tenant-webhooks" className="section-title">
          {webhookTexts.title}
        </h2>
        <Link href={path`/tenants/${tenant}/webhooks`} className="button button-small">
          {texts.manageWebhooks}
        </Link>
      </header>
      {fault && <Failed fault={fault} onRetry={reload} />}
      {value && (
        <p className="row-tags">
          <span className="muted">{texts.webhooks(value.webhooks.length)}</span>
          {troubled > 0 && <span className="tag tag-bad">{webhookTexts.trouble(troubled)}</span>}
        </p>
      )}
    </section>
  );
}
