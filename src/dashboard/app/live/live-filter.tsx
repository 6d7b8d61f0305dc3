import { type ReactNode, useMemo, useState } from 'react';
import { callTexts } from '../texts/calls.js';
import { useWorkspace } from '../workspace/workspace.js';

const texts = callTexts.live;

/** Which of the calls in progress are shown, and how one says so. */
export interface LiveFilter {
  /** Null: all of them. Another function whenever it would answer otherwise. */
  readonly accepts: ((key: string) => boolean) | null;
  /** Beside the heading, or in a line of its own below it. */
  readonly control: ReactNode;
  readonly place: 'heading' | 'below';
  /** Said where nothing is accepted. */
  readonly noneMatch: string;
}

/** One's own calls are narrowed to an agent. */
export function useAgentFilter(): LiveFilter {
  const { feed, me } = useWorkspace();
  const [agent, setAgent] = useState('');
  const accepts = useMemo(
    () => (agent === '' ? null : (key: string) => feed.calls.get(key)?.summary.agent === agent),
    [agent, feed],
  );
  const control = me.agents !== null && me.agents.length > 1 && (
    <label className="inline-field">
      <span className="field-label">{texts.filter}</span>
      <select className="input" value={agent} onChange={(event) => setAgent(event.target.value)}>
        <option value="">{texts.allAgents}</option>
        {me.agents.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
  return { accepts, control, place: 'heading', noneMatch: texts.empty };
}
