import { useId, useState } from 'react';
import { Link } from 'wouter';
import { serverNow } from '../common/clock.js';
import { failureText } from '../texts/webhook-reasons.js';
import { webhookTexts } from '../texts/webhooks.js';
import { lengthText, momentText, spokenLength } from '../ui/format.js';
import { ResponseBody } from './test-card.js';
import type { Attempt, Webhook, WebhookPlace } from './webhook.js';
import { Moment } from './webhook-table.js';

const texts = webhookTexts.attempts;
const { columns } = texts;

interface Props {
  readonly place: WebhookPlace;
  readonly webhook: Webhook;
  readonly attempt: Attempt;
  readonly onRedeliver: () => void;
}

/** One attempt; opened, what was sent and what was answered. */
export function AttemptRow({ place, webhook, attempt, onRedeliver }: Props) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const { event, type, at, status, delivered } = attempt;
  const why = delivered ? null : failureText(attempt);
  return (
    <tbody>
      <tr>
        <td data-label={columns.at} className="muted numeric">
          <Moment at={at} />
        </td>
        <th scope="row">
          <span className="attempt-event">
            <bdi>{type}</bdi> <span className="muted numeric">{event}</span>
          </span>
        </th>
        <td data-label={columns.outcome}>
          <span className="attempt-outcome">
            <span className={delivered ? 'tag tag-good' : 'tag tag-bad'}>
              {delivered ? texts.delivered(status ?? 0) : texts.failed(status)}
            </span>
            {why && <span className="muted">{why.title}</span>}
          </span>
        </td>
        <td data-label={delivered ? undefined : columns.next} className="muted numeric">
          {delivered ? null : <NextTry at={attempt.next} />}
        </td>
        <td className="cell-end">
          <button
            type="button"
            className="button button-small"
            aria-expanded={isOpen}
            aria-controls={id}
            aria-label={texts.detailsOf(event)}
            onClick={() => setIsOpen((known) => !known)}
          >
            {texts.details}
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr id={id} className="attempt-details">
          <td colSpan={5}>
            <Details {...{ place, webhook, attempt, onRedeliver }} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

/** When the event is sent again, as known when the attempt ended. */
function NextTry({ at }: { readonly at: string | null }) {
  if (at === null) return <>{texts.notAgain}</>;
  const waitMs = Date.parse(at) - serverNow();
  if (waitMs < -2000) return <>{texts.tried(momentText(at))}</>;
  if (waitMs <= 0) return <>{texts.nextNow}</>;
  const seconds = Math.ceil(waitMs / 1000);
  return <>{texts.nextAt(momentText(at), seconds < 90 ? spokenLength(seconds) : lengthText(seconds))}</>;
}

function Details({ place, webhook, attempt, onRedeliver }: Props) {
  const { event, callId, ms, status, delivered, response } = attempt;
  const why = delivered ? null : failureText(attempt);
  return (
    <div className="attempt-body">
      {why && (
        <p>
          <strong>{why.title}</strong> {why.advice}
        </p>
      )}
      <dl className="standing-facts">
        <div className="fact-wide">
          <dt>{texts.request}</dt>
          <dd>
            <bdi className="code-text">{texts.post(webhook.url)}</bdi>
          </dd>
        </div>
        <div className="fact-wide">
          <dt>{texts.messageId}</dt>
          <dd className="code-text">{`msg_${webhook.id}_${event}`}</dd>
        </div>
        {callId !== null && (
          <div>
            <dt>{texts.call}</dt>
            <dd>
              <Link href={`/calls/${encodeURIComponent(place.callKey(callId))}`} className="code-text">
                <bdi>{callId}</bdi>
              </Link>
            </dd>
          </div>
        )}
        <div>
          <dt>{texts.took}</dt>
          <dd className="numeric">{ms} ms</dd>
        </div>
        {status !== null && (
          <div className="fact-wide">
            <dt>{texts.response}</dt>
            <dd>{delivered ? texts.deliveredBody : <ResponseBody body={response ?? ''} />}</dd>
          </div>
        )}
      </dl>
      <div>
        <button
          type="button"
          className="button button-small"
          aria-label={texts.redeliverLabel(event)}
          onClick={onRedeliver}
        >
          {texts.redeliver}
        </button>
      </div>
    </div>
  );
}
