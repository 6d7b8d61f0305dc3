import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { scopeText, tokenTexts as texts } from '../texts/tokens.js';
import { textIn } from '../ui/form-values.js';
import type { NewToken, TokenPlace } from './token-list.js';

interface Props {
  readonly place: TokenPlace;
  /** A card of its own, or a part of one. */
  readonly className: 'card token-form' | 'section-form';
  readonly onCreated: (token: NewToken) => void;
  readonly onCancel: () => void;
}

const LIFETIMES = Object.keys(texts.lifetimes) as (keyof typeof texts.lifetimes)[];

export function TokenForm({ place: { client, path, scopes }, className, onCreated, onCancel }: Props) {
  const { write, prompt } = useWrite();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => first.current?.focus(), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { name: textIn(form, 'name'), scopes: form.getAll('scope'), ttl: form.get('ttl') };
    if (body.name === '') return setFailure(texts.nameMissing);
    if (body.scopes.length === 0) return setFailure(texts.scopesMissing);
    setIsBusy(true);
    write(() => client.send<NewToken>('POST', path, body)).then(onCreated, (error: unknown) => {
      setIsBusy(false);
      setFailure(asFault(error).message);
    });
  };
  return (
    <form className={className} onSubmit={submit} aria-label={texts.form} noValidate>
      <div className="form-columns">
        <div className="field">
          <label className="field-label" htmlFor={`${id}-name`}>
            {texts.name}
          </label>
          <input
            ref={first}
            id={`${id}-name`}
            name="name"
            className="input"
            maxLength={100}
            aria-describedby={`${id}-hint`}
          />
          <p id={`${id}-hint`} className="field-hint">
            {texts.nameHint}
          </p>
        </div>
        <div className="field">
          <label className="field-label" htmlFor={`${id}-ttl`}>
            {texts.lifetime}
          </label>
          <select id={`${id}-ttl`} name="ttl" className="input" defaultValue="90d">
            {LIFETIMES.map((ttl) => (
              <option key={ttl} value={ttl}>
                {texts.lifetimes[ttl]}
              </option>
            ))}
          </select>
        </div>
      </div>
      <fieldset className="plain">
        <legend className="field-label">{texts.scopes}</legend>
        {scopes.map((scope) => (
          <label key={scope} className="check">
            <input type="checkbox" name="scope" value={scope} defaultChecked={scope === 'events:read'} />
            {scopeText(scope)}
          </label>
        ))}
      </fieldset>
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="form-actions">
        <button type="button" className="button" onClick={onCancel}>
          {texts.cancel}
        </button>
        <button type="submit" className="button button-primary" disabled={isBusy}>
          {texts.submit}
        </button>
      </div>
      {prompt}
    </form>
  );
}
