import { auditTexts as texts } from '../texts/audit.js';
import { SearchField } from '../ui/search-field.js';
import { type AuditSearch, NOTHING } from './audit-search.js';

export interface NamedTenant {
  readonly tenant: string;
  readonly name: string;
}

interface Props {
  readonly search: AuditSearch;
  readonly onChange: (change: Partial<AuditSearch>) => void;
  /** Undefined: the book is a customer's own. */
  readonly tenants: readonly NamedTenant[] | undefined;
  /** How the chosen actor is called. */
  readonly actor: string;
}

/** Narrows the book by what was done, to what, by whom and when. An actor is chosen by a click in a row. */
export function AuditFilters({ search, onChange, tenants, actor }: Props) {
  const actions = Object.keys(texts.actions).map((action) => [action, texts.actions[action] ?? action] as const);
  const all = [...actions].sort(([, one], [, other]) => one.localeCompare(other));
  return (
    <search className="filters" aria-label={texts.filters}>
      <SearchField
        text={search.target}
        label={texts.columns.target}
        hint={texts.targetHint}
        onChange={(target) => onChange({ target })}
      />
      {tenants && (
        <select
          className="input"
          aria-label={texts.customer}
          value={search.customer}
          onChange={({ target }) => onChange({ customer: target.value })}
        >
          <option value="">{texts.anyCustomer}</option>
          {tenants.map(({ tenant, name }) => (
            <option key={tenant} value={tenant}>
              {name}
            </option>
          ))}
        </select>
      )}
      <select
        className="input"
        aria-label={texts.action}
        value={search.action}
        onChange={({ target }) => onChange({ action: target.value })}
      >
        <option value="">{texts.anyAction}</option>
        {all.map(([action, text]) => (
          <option key={action} value={action}>
            {text}
          </option>
        ))}
      </select>
      {(['from', 'to'] as const).map((name) => (
        <label key={name} className="inline-field">
          <span className="field-label">{texts.days[name]}</span>
          <input
            type="date"
            className="input"
            value={search[name]}
            onChange={({ target }) => onChange({ [name]: target.value })}
          />
        </label>
      ))}
      {search.by !== '' && (
        <button type="button" className="button" onClick={() => onChange({ by: '' })}>
          {texts.onlyBy(actor)}
        </button>
      )}
      {Object.values(search).some((value) => value !== '') && (
        <button type="button" className="button" onClick={() => onChange(NOTHING)}>
          {texts.clear}
        </button>
      )}
    </search>
  );
}
