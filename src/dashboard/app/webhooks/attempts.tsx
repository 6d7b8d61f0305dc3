import { useId, useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { webhookTexts } from '../texts/webhooks.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { AttemptRow } from './attempt-row.js';
import { type Outcome, useAttempts } from './use-attempts.js';
import { type Attempt, type Webhook, type WebhookPlace, pathOf } from './webhook.js';

const texts = webhookTexts.attempts;
const OUTCOMES = Object.keys(texts.filters) as Outcome[];
const COLUMNS = ['at', 'event', 'outcome', 'next'] as const;
const EMPTY = {
  all: <Empty title={texts.empty}>{texts.emptyHint}</Empty>,
  failed: <Empty title={texts.emptyFailed} />,
  delivered: <Empty title={texts.emptyDelivered} />,
};

interface Props {
  readonly place: WebhookPlace;
  readonly webhook: Webhook;
  /** When it changes, there may be new ones. */
  readonly asked: number;
  readonly onAsked: () => void;
}

/** What was tried, with what came of it, newest first. */
export function Attempts({ place, webhook, asked, onAsked }: Props) {
  const [outcome, setOutcome] = useState<Outcome>('all');
  const id = useId();
  return (
    <section className="card admin-section flush" aria-labelledby={id}>
      <header className="section-head">
        <div>
          <h2 id={id} className="section-title">
            {texts.title}
          </h2>
          <p className="muted section-hint">{texts.hint}</p>
        </div>
        <fieldset className="choice">
          <legend className="visually-hidden">{texts.filter}</legend>
          {OUTCOMES.map((one) => (
            <label key={one} className="choice-one">
              <input
                type="radio"
                name="outcome"
                className="visually-hidden"
                checked={one === outcome}
                onChange={() => setOutcome(one)}
              />
              <span>{texts.filters[one]}</span>
            </label>
          ))}
        </fieldset>
      </header>
      <AttemptList key={outcome} {...{ place, webhook, asked, onAsked }} outcome={outcome} />
    </section>
  );
}

function AttemptList({ place, webhook, asked, onAsked, outcome }: Props & { readonly outcome: Outcome }) {
  const { rows, next, fault, more, reload } = useAttempts(place, webhook.id, outcome, asked);
  const { write, prompt } = useWrite();
  const [said, setSaid] = useState<{ done?: string; failure?: string }>({});
  const redeliver = ({ event }: Attempt) => {
    write(() => place.client.send('POST', `${pathOf(place, webhook.id)}/redeliver`, { event })).then(
      () => {
        setSaid({ done: texts.redelivered(event) });
        onAsked();
      },
      (error: unknown) => setSaid({ failure: asFault(error).message }),
    );
  };
  if (next === undefined) return fault ? <Failed fault={fault} onRetry={reload} /> : <Loading />;
  return (
    <>
      <p className="saved attempts-said" role="status">
        {said.done}
      </p>
      <p className="field-error attempts-said" role="alert">
        {said.failure ?? fault?.message}
      </p>
      {rows.length === 0 && EMPTY[outcome]}
      {rows.length > 0 && (
        <table className="table stack-table attempts-table">
          <caption className="visually-hidden">{texts.caption}</caption>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <th key={column} scope="col">
                  {texts.columns[column]}
                </th>
              ))}
              <th scope="col">
                <span className="visually-hidden">{texts.columns.action}</span>
              </th>
            </tr>
          </thead>
          {rows.map((attempt) => (
            <AttemptRow
              key={attempt.id}
              place={place}
              webhook={webhook}
              attempt={attempt}
              onRedeliver={() => redeliver(attempt)}
            />
          ))}
        </table>
      )}
      {next !== null && (
        <div className="call-list-more">
          <button type="button" className="button" onClick={more}>
            {webhookTexts.more}
          </button>
        </div>
      )}
      {prompt}
    </>
  );
}
