import { useMemo, useState } from 'react';
import { PageHeading } from '../shell/page-heading.js';
import { useWorkspace } from '../shell/workspace.js';
import { callTexts } from '../texts/calls.js';
import { Empty, Loading } from '../ui/states.js';
import { useStore } from '../ui/store.js';
import { WindowedList } from '../ui/windowed-list.js';
import type { LiveCalls } from './live-calls.js';
import { LivePanel } from './live-panel.js';
import { LIVE_ROW_HEIGHT, LiveRow } from './live-row.js';
import { useFollowed } from './use-followed.js';
import '../styles/calls.css';
import '../styles/live.css';

const texts = callTexts.live;

interface Props {
  /** The call that the viewer has picked; without one the page follows the newest. */
  readonly picked: string | undefined;
}

export function LivePage({ picked }: Props) {
  const { feed, me } = useWorkspace();
  const all = useStore(feed.calls.ids);
  const isLoaded = useStore(feed.isLoaded);
  const [agent, setAgent] = useState('');
  const ids = useMemo(
    () => (agent === '' ? all : all.filter((id) => feed.calls.get(id)?.summary.agent === agent)),
    [all, agent, feed],
  );
  const followed = useFollowed(ids[0]);
  const shown = picked ?? followed;
  return (
    <div className={picked === undefined ? 'live' : 'live live-picked'}>
      <PageHeading title={texts.title}>
        <p className="count-tag numeric">{texts.inProgress(countInProgress(ids, feed.calls))}</p>
        <div className="page-heading-end">
          {me.agents !== null && me.agents.length > 1 && (
            <AgentFilter agents={me.agents} agent={agent} onChange={setAgent} />
          )}
        </div>
      </PageHeading>
      <div className="live-columns">
        <section className="live-list card" aria-label={texts.list}>
          {!isLoaded && <Loading />}
          {isLoaded && ids.length === 0 && <Empty title={texts.empty}>{texts.emptyHint}</Empty>}
          {ids.length > 0 && (
            <WindowedList
              label={texts.list}
              ids={ids}
              rowHeight={LIVE_ROW_HEIGHT}
              renderRow={(id) => <LiveRow callId={id} isShown={id === shown} />}
            />
          )}
        </section>
        <section className="live-panel card">
          {shown === undefined ? (
            <Empty title={texts.nothingPicked} />
          ) : (
            <LivePanel key={shown} callId={shown} isFollowing={picked === undefined} />
          )}
        </section>
      </div>
    </div>
  );
}

function countInProgress(ids: readonly string[], calls: LiveCalls): number {
  return ids.reduce((count, id) => count + (calls.get(id)?.endedAtMs === null ? 1 : 0), 0);
}

interface FilterProps {
  readonly agents: readonly string[];
  readonly agent: string;
  readonly onChange: (agent: string) => void;
}

function AgentFilter({ agents, agent, onChange }: FilterProps) {
  return (
    <label className="inline-field">
      <span className="field-label">{texts.filter}</span>
      <select className="input" value={agent} onChange={(event) => onChange(event.target.value)}>
        <option value="">{texts.allAgents}</option>
        {agents.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}
