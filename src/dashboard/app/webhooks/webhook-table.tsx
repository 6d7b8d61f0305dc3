import { Link } from 'wouter';
import { failureText } from '../texts/webhook-reasons.js';
import { webhookTexts as texts } from '../texts/webhooks.js';
import { momentText, wholeMomentText } from '../ui/format.js';
import { type Webhook, type WebhookPlace, nameOf, progressOf } from './webhook.js';

const { columns } = texts;

interface Props {
  readonly place: WebhookPlace;
  readonly webhooks: readonly Webhook[];
}

export function WebhookTable({ place, webhooks }: Props) {
  return (
    <table className="table stack-table webhooks-table">
      <caption className="visually-hidden">{texts.list}</caption>
      <thead>
        <tr>
          {(['url', 'status', 'progress', 'success', 'failure'] as const).map((column) => (
            <th key={column} scope="col">
              {columns[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {webhooks.map((webhook) => (
          <WebhookRow key={webhook.id} webhook={webhook} href={`${place.home}/${webhook.id}`} />
        ))}
      </tbody>
    </table>
  );
}

function WebhookRow({ webhook, href }: { readonly webhook: Webhook; readonly href: string }) {
  const { url, description, lastSuccessAt, lastFailure } = webhook;
  return (
    <tr className="table-row">
      <th scope="row" className="webhook-name">
        <Link href={href} className="row-link">
          <bdi>{nameOf(webhook)}</bdi>
        </Link>
        {description !== null && <bdi className="webhook-url muted">{url}</bdi>}
      </th>
      <td data-label={columns.status}>
        <WebhookStatus webhook={webhook} />
      </td>
      <td data-label={columns.progress} className="muted">
        {progressOf(webhook).join(', ')}
      </td>
      <td data-label={columns.success} className="muted numeric">
        {lastSuccessAt === null ? texts.never : <Moment at={lastSuccessAt} />}
      </td>
      <td data-label={columns.failure} className="muted webhook-failure">
        {lastFailure === null ? (
          texts.none
        ) : (
          <span>
            <Moment at={lastFailure.at} /> {failureText(lastFailure).title}
          </span>
        )}
      </td>
    </tr>
  );
}

const TONES: Readonly<Record<string, string>> = {
  active: 'tag tag-good',
  failing: 'tag tag-warn',
  disabled: 'tag tag-bad',
};

export function WebhookStatus({ webhook: { status } }: { readonly webhook: Pick<Webhook, 'status'> }) {
  return <span className={TONES[status] ?? 'tag'}>{texts.status[status] ?? status}</span>;
}

export function Moment({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={wholeMomentText(at)} className="numeric">
      {momentText(at)}
    </time>
  );
}
