import { webhookTexts } from '../texts/webhooks.js';
import { momentText } from '../ui/format.js';
import type { Webhook } from './webhook.js';
import { Moment } from './webhook-table.js';

const texts = webhookTexts.facts;
const formats: Readonly<Record<string, string>> = webhookTexts.form.formats;

/** What it sends, and where to. */
export function WebhookFacts({ webhook }: { readonly webhook: Webhook }) {
  const { url, each, agents, types, format, createdAt, previousSecretUntil } = webhook;
  return (
    <section className="card admin-section" aria-label={texts.title}>
      <h2 className="section-title">{texts.title}</h2>
      <dl className="standing-facts">
        <div className="fact-wide">
          <dt>{webhookTexts.columns.url}</dt>
          <dd>
            <bdi className="code-text">{url}</bdi>
          </dd>
        </div>
        <div>
          <dt>{texts.sends}</dt>
          <dd>{each === 'call' ? texts.call : texts.event}</dd>
        </div>
        {each !== 'call' && (
          <div>
            <dt>{texts.types}</dt>
            <dd>{types?.join(', ') ?? texts.everything}</dd>
          </div>
        )}
        <div>
          <dt>{texts.agents}</dt>
          <dd>{agents === null ? texts.everything : <bdi>{agents.join(', ')}</bdi>}</dd>
        </div>
        <div>
          <dt>{texts.format}</dt>
          <dd>{formats[format] ?? format}</dd>
        </div>
        <div>
          <dt>{texts.since}</dt>
          <dd>
            <Moment at={createdAt} />
          </dd>
        </div>
      </dl>
      {previousSecretUntil !== null && <p className="muted">{texts.bothSecrets(momentText(previousSecretUntil))}</p>}
    </section>
  );
}
