import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { useWorkspace } from '../shell/workspace.js';
import { tokenTexts as texts } from '../texts/tokens.js';
import type { NewToken } from './token-list.js';

interface Props {
  readonly onCreated: (token: NewToken) => void;
  readonly onCancel: () => void;
}

const LIFETIMES = Object.keys(texts.lifetimes) as (keyof typeof texts.lifetimes)[];

export function TokenForm({ onCreated, onCancel }: Props) {
  const { client, me } = useWorkspace();
  const { write, prompt } = useWrite();
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => first.current?.focus(), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = form.get('name');
    const body = {
      name: typeof name === 'string' ? name.trim() : '',
      scopes: form.getAll('scope'),
      ttl: form.get('ttl'),
    };
    if (body.name === '') return setFailure(texts.nameMissing);
    if (body.scopes.length === 0) return setFailure(texts.scopesMissing);
    setIsBusy(true);
    write(() => client.send<NewToken>('POST', '/v1/tokens', body)).then(onCreated, (error: unknown) => {
      setIsBusy(false);
      setFailure(asFault(error).message);
    });
  };
  return (
    <form className="card token-form" onSubmit={submit} aria-label={texts.form} noValidate>
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
      <fieldset className="field plain">
        <legend className="field-label">{texts.scopes}</legend>
        {me.scopes.map((scope) => (
          <label key={scope} className="check">
            <input type="checkbox" name="scope" value={scope} defaultChecked={scope === 'events:read'} />
            {texts.scopeNames[scope] ?? scope}
          </label>
        ))}
      </fieldset>
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
