import { useContext } from 'react';
import { callTexts } from '../texts/calls.js';
import { SearchField } from '../ui/search-field.js';
import { TenantNames } from '../ui/tenant-names.js';
import { useWorkspace } from '../workspace/workspace.js';
import type { CallSearch } from './call-search.js';

const texts = callTexts.list;
/** Filters of `/v1/stats` without a text of their own: they are chosen there and shown here. */
const REASONS = Object.keys(callTexts.reasons);
const TRANSPORTS = Object.keys(callTexts.transports);

interface Props {
  readonly search: CallSearch;
  readonly onChange: (change: Partial<CallSearch>) => void;
}

/** The filters of a list of calls; all of them are in the address. */
export function CallFilters({ search, onChange }: Props) {
  const { me, showsTenant } = useWorkspace();
  const nameOf = useContext(TenantNames);
  const { states, directions, lengths, flags, sorts } = texts;
  const named = (names: Readonly<Record<string, string>>) => (name: string) => names[name] ?? name;
  return (
    <search className="filters">
      <SearchField text={search.q} label={texts.searchLabel} hint={texts.search} onChange={(q) => onChange({ q })} />
      {showsTenant && search.tenant !== '' && (
        <button type="button" className="button" onClick={() => onChange({ tenant: '' })}>
          {texts.onlyOf(nameOf(search.tenant))}
        </button>
      )}
      {!showsTenant && <Choice name="agent" any={texts.anyAgent} values={me.agents ?? []} {...{ search, onChange }} />}
      <Choice
        name="state"
        any={texts.anyState}
        values={Object.keys(states)}
        textOf={named(states)}
        {...{ search, onChange }}
      />
      <Choice
        name="reason"
        any={texts.anyOutcome}
        values={REASONS}
        textOf={named(callTexts.reasons)}
        {...{ search, onChange }}
      />
      <Choice
        name="transport"
        any={texts.anyChannel}
        values={TRANSPORTS}
        textOf={named(callTexts.transports)}
        {...{ search, onChange }}
      />
      <Choice
        name="direction"
        any={texts.anyDirection}
        values={Object.keys(directions)}
        textOf={named(directions)}
        {...{ search, onChange }}
      />
      <Choice
        name="min"
        any={texts.anyLength}
        values={Object.keys(lengths)}
        textOf={named(lengths)}
        {...{ search, onChange }}
      />
      <Choice
        name="flag"
        any={texts.anyFlag}
        values={Object.keys(flags)}
        textOf={named(flags)}
        {...{ search, onChange }}
      />
      {search.rule !== '' && (
        <button type="button" className="button" onClick={() => onChange({ rule: '' })}>
          {texts.onlyFired}
        </button>
      )}
      <Day name="from" {...{ search, onChange }} />
      <Day name="to" {...{ search, onChange }} />
      {search.q === '' && (
        <Choice
          name="sort"
          any={texts.newest}
          values={Object.keys(sorts)}
          textOf={named(sorts)}
          {...{ search, onChange }}
        />
      )}
    </search>
  );
}

interface ChoiceProps extends Props {
  readonly name: 'agent' | 'state' | 'reason' | 'transport' | 'direction' | 'min' | 'flag' | 'sort';
  readonly any: string;
  readonly values: readonly string[];
  readonly textOf?: (value: string) => string;
}

function Choice({ name, any, values, textOf = (value) => value, search, onChange }: ChoiceProps) {
  const chosen = search[name];
  // An address may contain a value that is not in the list.
  const all = chosen === '' || values.includes(chosen) ? values : [...values, chosen];
  return (
    <select
      className="input"
      aria-label={texts.fields[name]}
      value={chosen}
      onChange={({ target }) => onChange({ [name]: target.value })}
    >
      <option value="">{any}</option>
      {all.map((value) => (
        <option key={value} value={value}>
          {textOf(value)}
        </option>
      ))}
    </select>
  );
}

function Day({ name, search, onChange }: Props & { readonly name: 'from' | 'to' }) {
  return (
    <label className="inline-field">
      <span className="field-label">{texts.fields[name]}</span>
      <input
        type="date"
        className="input"
        value={search[name]}
        onChange={({ target }) => onChange({ [name]: target.value })}
      />
    </label>
  );
}
