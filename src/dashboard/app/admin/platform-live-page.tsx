import { useMemo, useState } from 'react';
import { PageHeading } from '../shell/page-heading.js';
import { adminTexts } from '../texts/admin.js';
import { callTexts } from '../texts/calls.js';
import { Empty, Loading } from '../ui/states.js';
import { useStore } from '../ui/store.js';
import { WindowedList } from '../ui/windowed-list.js';
import { LIVE_ROW_HEIGHT } from '../live/live-row.js';
import { usePlatform } from './platform-context.js';
import { namingIn } from './platform-feed.js';
import { PlatformPanel } from './platform-panel.js';
import { PlatformRow } from './platform-row.js';
import { hueOf } from './tenant-tag.js';
import '../styles/calls.css';
import '../styles/live.css';

const texts = adminTexts.live;
/** In place of a customer's name, which is never empty: calls of agents that nobody owns. */
const NOBODY = '';

interface Props {
  /** The call that the viewer has picked; without one the page follows the newest. */
  readonly picked: string | undefined;
}

/** Everybody's calls, told apart by colour and name, narrowed to whom one looks after. */
export function PlatformLivePage({ picked }: Props) {
  const { feed } = usePlatform();
  const all = useStore(feed.calls.ids);
  const isLoaded = useStore(feed.isLoaded);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const ids = useMemo(
    () => (chosen.size === 0 ? all : all.filter((key) => chosen.has(namingIn(key).tenant ?? NOBODY))),
    [all, chosen],
  );
  const shown = picked ?? ids[0];
  return (
    <div className={picked === undefined ? 'live' : 'live live-picked'}>
      <PageHeading title={texts.title}>
        <p className="count-tag numeric">{callTexts.live.inProgress(ids.length)}</p>
      </PageHeading>
      <TenantFilter ids={all} chosen={chosen} onChange={setChosen} />
      <div className="live-columns">
        <section className="live-list card" aria-label={texts.list}>
          {!isLoaded && <Loading />}
          {isLoaded && ids.length === 0 && (
            <Empty title={chosen.size > 0 ? texts.noneMatch : texts.empty}>{texts.emptyHint}</Empty>
          )}
          {ids.length > 0 && (
            <WindowedList
              label={texts.list}
              ids={ids}
              rowHeight={LIVE_ROW_HEIGHT}
              renderRow={(key) => <PlatformRow callKey={key} isShown={key === shown} />}
            />
          )}
        </section>
        <section className="live-panel card">
          {shown === undefined ? (
            <Empty title={callTexts.live.nothingPicked} />
          ) : (
            <PlatformPanel key={shown} callKey={shown} isFollowing={picked === undefined} />
          )}
        </section>
      </div>
    </div>
  );
}

interface FilterProps {
  readonly ids: readonly string[];
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

/** Each customer with how many calls it has now; any number of them may be picked. */
function TenantFilter({ ids, chosen, onChange }: FilterProps) {
  const { tenants, nameOf } = usePlatform();
  const counts = new Map<string, number>();
  for (const id of ids) {
    const owner = namingIn(id).tenant ?? NOBODY;
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
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
          {texts.everybody} <span className="numeric">{ids.length}</span>
        </span>
      </label>
      {names.map((name) => (
        <label key={name} className="tenant-choice">
          <input type="checkbox" className="visually-hidden" checked={chosen.has(name)} onChange={() => toggle(name)} />
          <span>
            <span className={`tenant-dot ${name === NOBODY ? 'hue-none' : `hue-${hueOf(name)}`}`} aria-hidden="true" />
            <bdi>{name === NOBODY ? texts.nobodys : nameOf(name)}</bdi>{' '}
            <span className="numeric">{counts.get(name) ?? 0}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
