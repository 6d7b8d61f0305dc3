import { useMemo, useState } from 'react';
import { useStore } from '../common/store.js';
import type { LiveFilter } from '../live/live-filter.js';
import { adminTexts } from '../texts/admin.js';
import { hueClass } from '../ui/tenant-tag.js';
import { namingIn } from '../workspace/reach.js';
import { useWorkspace } from '../workspace/workspace.js';
import { usePlatform } from './platform-context.js';

const texts = adminTexts.live;
/** In place of a customer's name, which is never empty: calls of agents that nobody owns. */
const NOBODY = '';

/** Everybody's calls are narrowed to the customers whom one looks after. */
export function useTenantFilter(): LiveFilter {
  const workspace = useWorkspace();
  const { showsTenant } = workspace;
  const ids = useStore(workspace.feed.calls.ids);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const accepts = useMemo(
    () => (chosen.size === 0 ? null : (key: string) => chosen.has(namingIn({ showsTenant }, key).tenant ?? NOBODY)),
    [chosen, showsTenant],
  );
  const owners = ids.map((key) => namingIn(workspace, key).tenant ?? NOBODY);
  const control = <TenantChoice owners={owners} chosen={chosen} onChange={setChosen} />;
  return { accepts, control, place: 'below', noneMatch: texts.noneMatch };
}

interface ChoiceProps {
  /** Of each call in progress. */
  readonly owners: readonly string[];
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

/** Each customer with how many calls it has now; any number of them may be picked. */
function TenantChoice({ owners, chosen, onChange }: ChoiceProps) {
  const { tenants, nameOf } = usePlatform();
  const counts = new Map<string, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const known = (tenants.value ?? []).map(({ tenant }) => tenant);
  const names = counts.has(NOBODY) || chosen.has(NOBODY) ? [...known, NOBODY] : known;
  const toggle = (name: string) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    onChange(next);
  };
  return (
    <fieldset className="tenant-filter">
      <legend className="visually-hidden">{texts.filter}</legend>
      <label className="tenant-choice">
        <input
          type="checkbox"
          className="visually-hidden"
          checked={chosen.size === 0}
          onChange={() => onChange(new Set())}
        />
        <span>
          {texts.everybody} <span className="numeric">{owners.length}</span>
        </span>
      </label>
      {names.map((name) => (
        <label key={name} className="tenant-choice">
          <input type="checkbox" className="visually-hidden" checked={chosen.has(name)} onChange={() => toggle(name)} />
          <span>
            <span className={`tenant-dot ${hueClass(name === NOBODY ? null : name)}`} aria-hidden="true" />
            <bdi>{name === NOBODY ? texts.nobodys : nameOf(name)}</bdi>{' '}
            <span className="numeric">{counts.get(name) ?? 0}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
