import { type FormEvent, useCallback, useId, useState } from 'react';
import { useSearchParams } from 'wouter';
import { cookieClient } from '../../api/client.js';
import { PageHeading } from '../../shell/page-heading.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { operatorTexts } from '../../texts/operator.js';
import { textIn } from '../../ui/form-values.js';
import { Failed, Loading } from '../../ui/states.js';
import { usePlatform } from '../platform-context.js';
import '../../styles/home.css';

const texts = operatorTexts.explain;

interface Asked {
  readonly tenant: string;
  /** A number is an event's; anything else a call's id. */
  readonly of: string;
  readonly token: string;
}

interface Explanation {
  readonly delivered: boolean;
  readonly summary: string;
  readonly checks: readonly { readonly check: string; readonly passed: boolean; readonly detail: string }[];
}

/** Why a customer does or does not see an event or a call; what is asked stands in the address. */
export default function ExplainPage() {
  const [params, setParams] = useSearchParams();
  const asked = { tenant: params.get('tenant') ?? '', of: params.get('of') ?? '', token: params.get('token') ?? '' };
  const key = JSON.stringify(asked);
  return (
    <div className="admin">
      <PageHeading title={texts.title} />
      <p className="muted">{texts.lead}</p>
      <ExplainForm
        key={key}
        asked={asked}
        onAsk={(next) => setParams(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== '')))}
      />
      {asked.tenant !== '' && asked.of !== '' && <Answer key={`${key} answer`} {...asked} />}
    </div>
  );
}

interface FormProps {
  readonly asked: Asked;
  readonly onAsk: (asked: Asked) => void;
}

function ExplainForm({ asked, onAsk }: FormProps) {
  const { tenants } = usePlatform();
  const [failure, setFailure] = useState('');
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const next = { tenant: textIn(form, 'tenant'), of: textIn(form, 'of'), token: textIn(form, 'token') };
    if (next.tenant === '' || next.of === '') return setFailure(texts.missing);
    onAsk(next);
  };
  return (
    <form className="card admin-form" onSubmit={submit} aria-label={texts.title} noValidate>
      <div className="form-columns">
        <div className="field">
          <label className="field-label" htmlFor={`${id}-tenant`}>
            {texts.customer}
          </label>
          <select
            key={tenants.value?.length}
            id={`${id}-tenant`}
            name="tenant"
            className="input"
            defaultValue={asked.tenant}
          >
            <option value="">{texts.choose}</option>
            {tenants.value?.map(({ tenant, name }) => (
              <option key={tenant} value={tenant}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <Field id={`${id}-of`} name="of" label={texts.what} hint={texts.whatHint} value={asked.of} />
        <Field id={`${id}-token`} name="token" label={texts.token} hint={texts.tokenHint} value={asked.token} />
      </div>
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="form-actions">
        <button type="submit" className="button button-primary">
          {texts.submit}
        </button>
      </div>
    </form>
  );
}

interface FieldProps {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly value: string;
}

function Field({ id, name, label, hint, value }: FieldProps) {
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        name={name}
        className="input"
        defaultValue={value}
        maxLength={256}
        autoCapitalize="none"
        spellCheck={false}
        aria-describedby={`${id}-hint`}
      />
      <p id={`${id}-hint`} className="field-hint">
        {hint}
      </p>
    </div>
  );
}

function Answer({ tenant, of, token }: Asked) {
  const load = useCallback(
    (signal: AbortSignal) => {
      const query = { tenant, ...(/^\d+$/.test(of) ? { event: of } : { call: of }), tokenId: token };
      return cookieClient.get<Explanation>('/v1/admin/explain', query, signal);
    },
    [tenant, of, token],
  );
  const { value, fault, reload } = useLoaded(load);
  if (fault) return <Failed fault={fault} onRetry={reload} />;
  if (value === undefined) return <Loading />;
  return (
    <section className="card admin-section" aria-label={texts.title} role="status">
      <p>
        <span className={value.delivered ? 'tag tag-good' : 'tag tag-bad'}>
          {value.delivered ? texts.yes : texts.no}
        </span>
      </p>
      <p className="concern-text">{value.summary}</p>
      <ul className="checks">
        {value.checks.map(({ check, passed, detail }) => (
          <li key={check} className="check-line">
            <span className={passed ? 'tag tag-good' : 'tag tag-bad'}>{passed ? texts.passed : texts.failed}</span>
            <strong>{texts.checks[check] ?? check}</strong>
            <p className="muted">{detail}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
