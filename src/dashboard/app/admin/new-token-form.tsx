import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { cookieClient } from '../api/client.js';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { adminTexts } from '../texts/admin.js';
import { tokenTexts as texts } from '../texts/tokens.js';
import type { NewToken } from '../tokens/token-list.js';
import { textIn } from './form-values.js';

const LIFETIMES = Object.keys(texts.lifetimes) as (keyof typeof texts.lifetimes)[];

interface Props {
  readonly path: string;
  readonly scopes: readonly string[];
  readonly onCreated: (token: NewToken) => void;
  readonly onCancel: () => void;
}

export function NewTokenForm({ path, scopes, onCreated, onCancel }: Props) {
  const { write, prompt } = useWrite();
  const [failure, setFailure] = useState<string>();
  const first = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => first.current?.focus(), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { name: textIn(form, 'name'), scopes: form.getAll('scope'), ttl: form.get('ttl') };
    if (body.name === '') return setFailure(texts.nameMissing);
    if (body.scopes.length === 0) return setFailure(texts.scopesMissing);
    write(() => cookieClient.send<NewToken>('POST', path, body)).then(onCreated, (error: unknown) =>
      setFailure(asFault(error).message),
    );
  };
  return (
    <form className="section-form" onSubmit={submit} aria-label={texts.form} noValidate>
      <div className="form-columns">
        <div className="field">
          <label className="field-label" htmlFor={`${id}-name`}>
            {texts.name}
          </label>
          <input ref={first} id={`${id}-name`} name="name" className="input" maxLength={100} />
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
            {adminTexts.access.scopeNames[scope] ?? texts.scopeNames[scope] ?? scope}
          </label>
        ))}
      </fieldset>
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="form-actions">
        <button type="button" className="button" onClick={onCancel}>
          {adminTexts.cancel}
        </button>
        <button type="submit" className="button button-primary">
          {texts.submit}
        </button>
      </div>
      {prompt}
    </form>
  );
}
