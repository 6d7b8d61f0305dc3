import { type FormEvent, useId, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { asFault } from '../../api/problem.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { countText } from '../../ui/format.js';
import { textIn } from '../../ui/form-values.js';
import { path } from '../../api/path.js';
import type { Tenant } from '../platform.js';

const texts = adminTexts.tenants;
const LIMITS = Object.keys(texts.limits) as (keyof typeof texts.limits)[];

interface Props {
  readonly tenant: Tenant;
  readonly onChanged: () => void;
}

export function TenantSettings({ tenant, onChanged }: Props) {
  const { write, prompt } = useWrite();
  const [failure, setFailure] = useState<string>();
  const [isSaved, setIsSaved] = useState(false);
  const defaults = useLoaded(readDefaults).value?.limits;
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const change = changeIn(new FormData(event.currentTarget), tenant);
    setIsSaved(false);
    if (typeof change === 'string') return setFailure(change);
    if (change === null) return setIsSaved(true);
    setFailure(undefined);
    write(() => cookieClient.send('PATCH', path`/v1/admin/tenants/${tenant.tenant}`, change)).then(
      () => {
        setIsSaved(true);
        onChanged();
      },
      (error: unknown) => setFailure(asFault(error).message),
    );
  };
  return (
    <form className="card admin-section" onSubmit={submit} aria-labelledby={`${id}-title`} noValidate>
      <header className="section-head">
        <h2 id={`${id}-title`} className="section-title">
          {texts.settings}
        </h2>
        <p className="muted section-hint">{texts.limitHint}</p>
      </header>
      <div className="field-grid">
        <div className="field">
          <label className="field-label" htmlFor={`${id}-name`}>
            {texts.name}
          </label>
          <input id={`${id}-name`} name="name" className="input" maxLength={200} defaultValue={tenant.name} />
        </div>
        {LIMITS.map((limit) => (
          <div key={limit} className="field">
            <label className="field-label" htmlFor={`${id}-${limit}`}>
              {texts.limits[limit]}
            </label>
            <input
              id={`${id}-${limit}`}
              name={limit}
              className="input"
              inputMode="numeric"
              placeholder={placeholderOf(defaults?.[limit])}
              defaultValue={tenant.limits[limit] ?? ''}
            />
          </div>
        ))}
      </div>
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="form-actions">
        <span className="saved" role="status">
          {isSaved ? texts.saved : ''}
        </span>
        <button type="submit" className="button">
          {texts.rename}
        </button>
      </div>
      {prompt}
    </form>
  );
}

/** What holds where nothing is set; undefined while it is not known. */
function placeholderOf(limit: number | null | undefined): string | undefined {
  if (limit === undefined) return undefined;
  return texts.limitDefault(limit === null ? texts.unlimited : countText(limit));
}

const readDefaults = (signal: AbortSignal) =>
  cookieClient.get<{ limits: Readonly<Record<string, number | null>> }>('/v1/admin/limits', {}, signal);

interface Change {
  readonly name?: string;
  readonly limits?: Readonly<Record<string, number | null>>;
}

/** The changes to be sent: null if nothing differs, a text if a value is invalid. */
function changeIn(form: FormData, tenant: Tenant): Change | string | null {
  const limits: Record<string, number | null> = {};
  for (const limit of LIMITS) {
    const text = textIn(form, limit);
    if (text === String(tenant.limits[limit] ?? '')) continue;
    if (text !== '' && !/^\d{1,9}$/.test(text)) return texts.limitBad(texts.limits[limit]);
    limits[limit] = text === '' ? null : Number(text);
  }
  const name = textIn(form, 'name');
  const change: Change = {
    ...(name === '' || name === tenant.name ? {} : { name }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
  return Object.keys(change).length === 0 ? null : change;
}
