import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { asFault } from '../../api/problem.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import type { Tenant } from '../platform.js';
import { textIn } from '../../ui/form-values.js';

const texts = adminTexts.tenants;

interface Props {
  readonly onCreated: (tenant: Tenant) => void;
  readonly onCancel: () => void;
}

export function TenantForm({ onCreated, onCancel }: Props) {
  const { write, prompt } = useWrite();
  const [state, setState] = useState<{ busy: boolean; failure?: string }>({ busy: false });
  const first = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => first.current?.focus(), []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [tenant, name] = [textIn(form, 'tenant'), textIn(form, 'name')];
    if (tenant === '') return setState({ busy: false, failure: texts.idMissing });
    setState({ busy: true });
    const body = { tenant, ...(name === '' ? {} : { name }) };
    write(() => cookieClient.send<Tenant>('POST', '/v1/admin/tenants', body)).then(onCreated, (error: unknown) =>
      setState({ busy: false, failure: asFault(error).message }),
    );
  };
  return (
    <form className="card admin-form" onSubmit={submit} aria-label={texts.create} noValidate>
      <div className="form-columns">
        <div className="field">
          <label className="field-label" htmlFor={`${id}-tenant`}>
            {texts.id}
          </label>
          <input
            ref={first}
            id={`${id}-tenant`}
            name="tenant"
            className="input"
            maxLength={63}
            autoCapitalize="none"
            spellCheck={false}
            aria-describedby={`${id}-tenant-hint ${id}-error`}
          />
          <p id={`${id}-tenant-hint`} className="field-hint">
            {texts.idHint}
          </p>
        </div>
        <div className="field">
          <label className="field-label" htmlFor={`${id}-name`}>
            {texts.name}
          </label>
          <input id={`${id}-name`} name="name" className="input" maxLength={200} aria-describedby={`${id}-name-hint`} />
          <p id={`${id}-name-hint`} className="field-hint">
            {texts.nameHint}
          </p>
        </div>
      </div>
      <p id={`${id}-error`} className="field-error" role="alert">
        {state.failure}
      </p>
      <div className="form-actions">
        <button type="button" className="button" onClick={onCancel}>
          {adminTexts.cancel}
        </button>
        <button type="submit" className="button button-primary" disabled={state.busy}>
          {texts.submit}
        </button>
      </div>
      {prompt}
    </form>
  );
}
