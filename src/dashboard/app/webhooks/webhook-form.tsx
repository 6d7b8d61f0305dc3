import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { webhookTexts } from '../texts/webhooks.js';
import { textIn } from '../ui/form-values.js';
import { AgentsField } from './agents-field.js';
import { Field } from './field.js';
import { type Webhook, type WebhookPlace, pathOf } from './webhook.js';

const texts = webhookTexts.form;
const UNITS = Object.keys(texts.eachNames) as (keyof typeof texts.eachNames)[];
const FORMATS = Object.keys(texts.formats) as (keyof typeof texts.formats)[];

interface Props<Answer> {
  readonly place: WebhookPlace;
  /** The one that is changed; null: a new one. */
  readonly webhook: Webhook | null;
  readonly onDone: (answer: Answer) => void;
  readonly onCancel: () => void;
}

/** Where to, and what: for a new webhook, or to change one. */
export function WebhookForm<Answer extends Webhook>({ place, webhook, onDone, onCancel }: Props<Answer>) {
  const { write, prompt } = useWrite();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const [each, setEach] = useState(webhook?.each ?? 'event');
  const first = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => first.current?.focus(), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const body = bodyIn(new FormData(event.currentTarget), each);
    if (body.url === '') return setFailure(texts.urlMissing);
    setIsBusy(true);
    const { client, path } = place;
    const send = () =>
      webhook === null
        ? client.send<Answer>('POST', path, body)
        : client.send<Answer>('PATCH', pathOf(place, webhook.id), body);
    write(send).then(onDone, (error: unknown) => {
      setIsBusy(false);
      setFailure(asFault(error).message);
    });
  };
  const title = webhook === null ? texts.create : texts.edit;
  return (
    <form className="card webhook-form" onSubmit={submit} aria-label={title} noValidate>
      <h2 className="section-title">{title}</h2>
      <div className="form-columns">
        <Field id={`${id}-url`} label={texts.url} hint={texts.urlHint}>
          <input
            ref={first}
            id={`${id}-url`}
            name="url"
            type="url"
            className="input"
            placeholder="https://example.com/hook"
            maxLength={2048}
            autoComplete="off"
            spellCheck={false}
            defaultValue={webhook?.url}
            aria-describedby={`${id}-url-hint`}
          />
        </Field>
        <Field id={`${id}-description`} label={texts.description} hint={texts.descriptionHint}>
          <input
            id={`${id}-description`}
            name="description"
            className="input"
            maxLength={200}
            defaultValue={webhook?.description ?? ''}
            aria-describedby={`${id}-description-hint`}
          />
        </Field>
        <Field id={`${id}-each`} label={texts.each}>
          <select id={`${id}-each`} className="input" value={each} onChange={({ target }) => setEach(target.value)}>
            {UNITS.map((unit) => (
              <option key={unit} value={unit}>
                {texts.eachNames[unit]}
              </option>
            ))}
          </select>
        </Field>
        <Field id={`${id}-format`} label={texts.format}>
          <select id={`${id}-format`} name="format" className="input" defaultValue={webhook?.format ?? 'standard'}>
            {FORMATS.map((format) => (
              <option key={format} value={format}>
                {texts.formats[format]}
              </option>
            ))}
          </select>
        </Field>
        {each === 'event' && (
          <Field id={`${id}-types`} label={texts.types} hint={texts.typesHint}>
            <input
              id={`${id}-types`}
              name="types"
              className="input"
              autoComplete="off"
              spellCheck={false}
              defaultValue={webhook?.types?.join(', ')}
              aria-describedby={`${id}-types-hint`}
            />
          </Field>
        )}
        <AgentsField place={place} chosen={webhook?.agents ?? null} />
      </div>
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="form-actions">
        <button type="button" className="button" onClick={onCancel}>
          {texts.cancel}
        </button>
        <button type="submit" className="button button-primary" disabled={isBusy}>
          {webhook === null ? texts.submit : texts.save}
        </button>
      </div>
      {prompt}
    </form>
  );
}

/** Empty lists mean all of them. */
function bodyIn(form: FormData, each: string) {
  const description = textIn(form, 'description');
  return {
    url: textIn(form, 'url'),
    description: description === '' ? null : description,
    each,
    format: textIn(form, 'format'),
    types: each === 'call' ? null : namesIn(form, 'types'),
    agents: namesIn(form, 'agents'),
  };
}

/** Names of boxes that are ticked, or that stand in a field, separated by commas or spaces. */
function namesIn(form: FormData, field: string): string[] | null {
  const names = form.getAll(field).flatMap((value) => (typeof value === 'string' ? value.split(/[\s,;]+/) : []));
  const given = names.filter((name) => name !== '');
  return given.length === 0 ? null : [...new Set(given)];
}
