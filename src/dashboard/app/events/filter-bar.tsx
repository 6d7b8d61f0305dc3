import { type SyntheticEvent, useContext, useState } from 'react';
import { eventTexts as texts } from '../texts/events.js';
import { TenantNames } from '../ui/tenant-names.js';
import { adminTexts } from '../texts/admin.js';
import { useWorkspace } from '../workspace/workspace.js';
import {
  type EventFilter,
  EVERYTHING,
  KINDS,
  type Kind,
  NOBODY,
  isNarrowed,
  toggled,
  valueOf,
} from './event-filter.js';
import type { ShownEvent } from './event-filter.js';

interface Props {
  readonly filter: EventFilter;
  readonly onChange: (filter: EventFilter) => void;
  /** What has come, to choose from. */
  readonly recent: () => readonly ShownEvent[];
}

/** Filters by clicking: of each kind what has come lately, and what is chosen. */
export function FilterBar({ filter, onChange, recent }: Props) {
  const { showsTenant } = useWorkspace();
  const wordOf = useWordOf();
  const kinds = KINDS.filter((kind) => kind !== 'tenants' || showsTenant);
  return (
    <search className="filters event-filters" aria-label={texts.filters}>
      {kinds.map((kind) => (
        <FilterMenu key={kind} kind={kind} filter={filter} onChange={onChange} recent={recent} />
      ))}
      {kinds.flatMap((kind) =>
        filter[kind].map((value) => (
          <button
            key={`${kind} ${value}`}
            type="button"
            className="button button-small event-chip"
            aria-label={texts.remove(texts.kinds[kind], wordOf(kind, value))}
            onClick={() => onChange(toggled(filter, kind, value))}
          >
            <bdi>{wordOf(kind, value)}</bdi> ×
          </button>
        )),
      )}
      {isNarrowed(filter) && (
        <button type="button" className="button button-small" onClick={() => onChange(EVERYTHING)}>
          {texts.clearFilters}
        </button>
      )}
    </search>
  );
}

/** What people call a value of a filter. */
export function useWordOf(): (kind: Kind, value: string) => string {
  const nameOf = useContext(TenantNames);
  return (kind, value) => (kind !== 'tenants' ? value : value === NOBODY ? adminTexts.nobody : nameOf(value));
}

/** Longest list that a person looks through. */
const MAX_CHOICES = 60;

function FilterMenu({ kind, filter, onChange, recent }: Props & { readonly kind: Kind }) {
  const [choices, setChoices] = useState<readonly string[] | null>(null);
  const wordOf = useWordOf();
  // The choices stand still while the menu is open.
  const opened = ({ currentTarget }: SyntheticEvent<HTMLDetailsElement>) =>
    setChoices(currentTarget.open ? choicesOf(kind, filter, recent()) : null);
  return (
    <details className="menu event-menu" onToggle={opened}>
      <summary className="button">{texts.kinds[kind]}</summary>
      {choices !== null && (
        <fieldset className="menu-body plain">
          <legend className="visually-hidden">{texts.kinds[kind]}</legend>
          {choices.length === 0 && <p className="muted">{texts.noneSeen}</p>}
          {choices.map((value) => (
            <label key={value} className="check">
              <input
                type="checkbox"
                checked={filter[kind].includes(value)}
                onChange={() => onChange(toggled(filter, kind, value))}
              />
              <bdi>{wordOf(kind, value)}</bdi>
            </label>
          ))}
        </fieldset>
      )}
    </details>
  );
}

/** Those chosen, then those that came most often. */
function choicesOf(kind: Kind, filter: EventFilter, events: readonly ShownEvent[]): string[] {
  const counts = new Map<string, number>();
  for (const event of events) {
    const value = valueOf(event, kind);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const seen = [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
  return [...new Set([...filter[kind], ...seen])].slice(0, MAX_CHOICES);
}
