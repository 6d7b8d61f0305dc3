import { useCallback, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { PageHeading } from '../shell/page-heading.js';
import { useWatched } from '../stream/use-watched.js';
import { failureText } from '../texts/webhook-reasons.js';
import { webhookTexts as texts } from '../texts/webhooks.js';
import { Failed, Loading } from '../ui/states.js';
import { Attempts } from './attempts.js';
import { NewSecret } from './new-secret.js';
import { SendAgain } from './send-again.js';
import { TestCard } from './test-card.js';
import { type Webhook, type WebhookPlace, nameOf, pathOf, progressOf } from './webhook.js';
import { WebhookActions } from './webhook-actions.js';
import { WebhookFacts } from './webhook-facts.js';
import { WebhookForm } from './webhook-form.js';
import { Moment, WebhookStatus } from './webhook-table.js';
import '../styles/stack-table.css';
import '../styles/tokens-page.css';
import '../styles/sections.css';
import '../styles/webhooks.css';

const LOOK_MS = 5000;

interface Props {
  readonly place: WebhookPlace;
  readonly id: string;
}

/** One webhook: where it stands, what was tried, and what can be done about it. */
export function WebhookPage({ place, id }: Props) {
  const { client, home } = place;
  const path = pathOf(place, id);
  const load = useCallback((signal: AbortSignal) => client.get<Webhook>(path, {}, signal), [client, path]);
  const { value, fault, reload } = useWatched(load, LOOK_MS);
  const [isEditing, setIsEditing] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  /** Something was asked for: its attempt is to be seen at once. */
  const [asked, setAsked] = useState(0);
  const [, navigate] = useLocation();
  const changed = () => {
    setIsEditing(false);
    reload();
    setAsked((known) => known + 1);
  };
  const isGone = fault?.slug === 'webhook-not-found';
  const webhook = isGone ? undefined : value;
  return (
    <div className="webhooks">
      <Link href={home} className="back-link">
        {texts.all}
      </Link>
      <PageHeading title={webhook === undefined ? texts.title : nameOf(webhook)}>
        {webhook && <WebhookStatus webhook={webhook} />}
        {webhook && (
          <WebhookActions
            place={place}
            webhook={webhook}
            onEdit={() => setIsEditing(true)}
            onSecret={setSecret}
            onChanged={changed}
            onRemoved={() => navigate(home)}
          />
        )}
      </PageHeading>
      {webhook === undefined && (fault ? <Failed fault={fault} onRetry={reload} /> : <Loading />)}
      {webhook && (
        <>
          <Standing webhook={webhook} />
          {secret !== null && <NewSecret secret={secret} isRotated onDone={() => setSecret(null)} />}
          {isEditing ? (
            <WebhookForm<Webhook>
              place={place}
              webhook={webhook}
              onDone={changed}
              onCancel={() => setIsEditing(false)}
            />
          ) : (
            <WebhookFacts webhook={webhook} />
          )}
          <div className="webhook-columns">
            <TestCard place={place} webhook={webhook} />
            <SendAgain place={place} webhook={webhook} onAsked={changed} />
          </div>
          <Attempts place={place} webhook={webhook} asked={asked} onAsked={changed} />
        </>
      )}
    </div>
  );
}

/** Where it stands, and why, in words. */
function Standing({ webhook }: { readonly webhook: Webhook }) {
  const { status, lastSuccessAt, lastFailure } = webhook;
  const ails = status === 'failing' || status === 'disabled';
  const why = lastFailure && failureText(lastFailure);
  return (
    <section className={`card standing standing-${status}`} aria-label={texts.columns.status}>
      {ails && why && (
        <p className="standing-why">
          <strong>{why.title}</strong> {why.advice}
        </p>
      )}
      <p className={ails ? 'muted' : undefined}>{texts.statusHints[status]}</p>
      <dl className="standing-facts">
        <div>
          <dt>{texts.columns.progress}</dt>
          <dd>{progressOf(webhook).join(', ')}</dd>
        </div>
        <div>
          <dt>{texts.columns.success}</dt>
          <dd>{lastSuccessAt === null ? texts.never : <Moment at={lastSuccessAt} />}</dd>
        </div>
        <div>
          <dt>{texts.columns.failure}</dt>
          <dd>
            {lastFailure === null ? texts.none : <Moment at={lastFailure.at} />} {!ails && why?.title}
          </dd>
        </div>
      </dl>
    </section>
  );
}
