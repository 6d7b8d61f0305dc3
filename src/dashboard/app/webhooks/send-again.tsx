import { type FormEvent, useId, useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { webhookTexts } from '../texts/webhooks.js';
import { textIn } from '../ui/form-values.js';
import { Field } from './field.js';
import { type Webhook, type WebhookPlace, eventsText, pathOf } from './webhook.js';

const texts = webhookTexts.again;
type Choice = keyof typeof texts.choices;
const CHOICES = Object.keys(texts.choices) as Choice[];
const EVENT = /^\d{1,15}$/;

interface Props {
  readonly place: WebhookPlace;
  readonly webhook: Webhook;
  readonly onAsked: () => void;
}

/** One event once more, or everything from a moment on. */
export function SendAgain({ place, webhook, onAsked }: Props) {
  const { client } = place;
  const { write, prompt } = useWrite();
  const [choice, setChoice] = useState<Choice>('event');
  const [state, setState] = useState<{ busy?: boolean; failure?: string; done?: string }>({});
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = textIn(new FormData(event.currentTarget), 'from');
    const from = choice === 'since' ? momentIn(text) : EVENT.test(text) ? text : undefined;
    if (from === undefined) return setState({ failure: choice === 'since' ? texts.badTime : texts.bad });
    setState({ busy: true });
    const send = async () => {
      const path = pathOf(place, webhook.id);
      if (choice === 'event') {
        await client.send('POST', `${path}/redeliver`, { event: from });
        return texts.event202(from);
      }
      const { behind } = await client.send<Webhook>('POST', `${path}/recover`, { [choice]: from });
      return texts.recovered(eventsText(behind));
    };
    write(send).then(
      (done) => {
        setState({ done });
        onAsked();
      },
      (error: unknown) => setState({ failure: asFault(error).message }),
    );
  };
  const isOff = webhook.status === 'paused' || webhook.status === 'disabled';
  const hint = { event: texts.eventHint, since: undefined, after: texts.afterHint }[choice];
  return (
    <form className="card admin-section" onSubmit={submit} aria-labelledby={`${id}-title`} noValidate>
      <div>
        <h2 id={`${id}-title`} className="section-title">
          {texts.title}
        </h2>
        <p className="muted section-hint">
          {texts.hint} {isOff && texts.stopped}
        </p>
      </div>
      <fieldset className="choice created-choice">
        <legend className="visually-hidden">{texts.what}</legend>
        {CHOICES.map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name="choice"
              className="visually-hidden"
              checked={one === choice}
              onChange={() => setChoice(one)}
            />
            <span>{texts.choices[one]}</span>
          </label>
        ))}
      </fieldset>
      <div className="inline-form">
        <Field id={`${id}-from`} label={texts[choice]} {...(hint !== undefined && { hint })}>
          <input
            key={choice}
            id={`${id}-from`}
            name="from"
            className="input"
            {...(choice === 'since' ? { type: 'datetime-local' } : { inputMode: 'numeric', autoComplete: 'off' })}
            {...(hint !== undefined && { 'aria-describedby': `${id}-from-hint` })}
          />
        </Field>
        <button type="submit" className="button" disabled={state.busy}>
          {texts.submit}
        </button>
      </div>
      <p className="saved" role="status">
        {state.done}
      </p>
      <p className="field-error" role="alert">
        {state.failure}
      </p>
      {prompt}
    </form>
  );
}

/** The reader's own time as the API takes it; undefined: it is none. */
function momentIn(text: string): string | undefined {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
