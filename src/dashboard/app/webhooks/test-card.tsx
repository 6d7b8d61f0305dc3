import { useId, useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { failureText } from '../texts/webhook-reasons.js';
import { webhookTexts } from '../texts/webhooks.js';
import { Field } from './field.js';
import { type Webhook, type WebhookPlace, pathOf } from './webhook.js';

const texts = webhookTexts.test;
const TYPES = ['call.started', 'call.ended', 'user.message', 'bot.confirmed', 'tool.call', 'rule.fired'];
const OF_CALLS = ['call.completed'];

interface Answer {
  readonly status: number | null;
  readonly ms: number;
  readonly body: string;
  readonly reason: string | null;
}

type State =
  | { readonly kind: 'idle' | 'busy' }
  | { readonly kind: 'refused'; readonly failure: string }
  | { readonly kind: 'answered'; readonly answer: Answer };

interface Props {
  readonly place: WebhookPlace;
  readonly webhook: Webhook;
}

/** Sends a sample at once, and shows what is answered. */
export function TestCard({ place, webhook: { id, each } }: Props) {
  const { write, prompt } = useWrite();
  const types = each === 'call' ? OF_CALLS : TYPES;
  const [chosen, setChosen] = useState('call.started');
  const [state, setState] = useState<State>({ kind: 'idle' });
  const fieldId = useId();
  const type = types.includes(chosen) ? chosen : (types[0] ?? '');
  const send = () => {
    setState({ kind: 'busy' });
    write(() => place.client.send<Answer>('POST', `${pathOf(place, id)}/test`, { type })).then(
      (answer) => setState({ kind: 'answered', answer }),
      (error: unknown) => setState({ kind: 'refused', failure: asFault(error).message }),
    );
  };
  return (
    <section className="card admin-section" aria-labelledby={`${fieldId}-title`}>
      <div>
        <h2 id={`${fieldId}-title`} className="section-title">
          {texts.title}
        </h2>
        <p className="muted section-hint">{texts.hint}</p>
      </div>
      <div className="inline-form">
        <Field id={fieldId} label={texts.type}>
          <select id={fieldId} className="input" value={type} onChange={({ target }) => setChosen(target.value)}>
            {types.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </Field>
        <button type="button" className="button" disabled={state.kind === 'busy'} onClick={send}>
          {state.kind === 'busy' ? texts.sending : texts.send}
        </button>
      </div>
      <div role="status">{state.kind === 'answered' && <TestAnswer answer={state.answer} />}</div>
      <p className="field-error" role="alert">
        {state.kind === 'refused' && state.failure}
      </p>
      {prompt}
    </section>
  );
}

function TestAnswer({ answer: { status, ms, body, reason } }: { readonly answer: Answer }) {
  const why = reason === null ? null : failureText({ status, reason });
  return (
    <div className={why === null ? 'outcome outcome-good' : 'outcome outcome-bad'}>
      <p>
        <strong>{why === null ? texts.good(status ?? 0, `${ms} ms`) : why.title}</strong> {why?.advice}
      </p>
      {status !== null && <ResponseBody body={body} />}
    </div>
  );
}

/** What a receiver said, shown as text. */
export function ResponseBody({ body }: { readonly body: string }) {
  if (body.trim() === '') return <p className="muted">{texts.noAnswer}</p>;
  return (
    <pre className="response-body" tabIndex={0} aria-label={texts.answer}>
      {body}
    </pre>
  );
}
