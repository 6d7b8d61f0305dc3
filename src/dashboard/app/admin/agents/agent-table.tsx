import { useMemo, useState } from 'react';
import { AgentMark } from '../../calls/call-facts.js';
import { adminTexts } from '../../texts/admin.js';
import { momentText, wholeMomentText } from '../../ui/format.js';
import { ACTIVITY_COLUMNS, ActivityCells } from '../activity-cells.js';
import type { Agent } from '../platform.js';
import { type Activity, useActivity } from '../use-activity.js';
import { TenantTag } from '../../ui/tenant-tag.js';

const texts = adminTexts.agents;

export interface AgentAct {
  readonly kind: 'assign' | 'take' | 'history';
  readonly agent: Agent;
}

interface Props {
  readonly agents: readonly Agent[];
  readonly caption: string;
  readonly onAct: (act: AgentAct) => void;
}

/** Rows that are shown at first, and more each time. */
const PAGE = 100;

export function AgentTable({ agents, caption, onAct }: Props) {
  const [most, setMost] = useState(PAGE);
  const shown = useMemo(() => agents.slice(0, most), [agents, most]);
  const activity = useActivity(
    'agents',
    useMemo(() => shown.map(({ agent }) => agent), [shown]),
  );
  return (
    <>
      <table className="table stack-table activity-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.columns.agent}</th>
            <th scope="col">{texts.columns.owner}</th>
            <th scope="col" className="cell-since">
              {texts.columns.since}
            </th>
            {Object.values(ACTIVITY_COLUMNS).map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{texts.columns.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <AgentRow key={one.agent} one={one} activity={activity.get(one.agent)} onAct={onAct} />
          ))}
        </tbody>
      </table>
      {agents.length > most && (
        <div className="call-list-more">
          <button type="button" className="button" onClick={() => setMost(most + PAGE)}>
            {adminTexts.more}
          </button>
        </div>
      )}
    </>
  );
}

interface RowProps {
  readonly one: Agent;
  readonly activity: Activity | undefined;
  readonly onAct: Props['onAct'];
}

function AgentRow({ one, activity, onAct }: RowProps) {
  const { agent, tenant, since } = one;
  const button = (kind: AgentAct['kind'], label: string, className = '') => (
    <button
      type="button"
      className={`button button-small ${className}`}
      aria-label={`${label}: ${agent}`}
      onClick={() => onAct({ kind, agent: one })}
    >
      {label}
    </button>
  );
  return (
    <tr>
      <th scope="row">
        <span className="cell-agent">
          <AgentMark agent={agent} />
          <bdi>{agent}</bdi>
        </span>
      </th>
      <td data-label={texts.columns.owner}>
        <TenantTag tenant={tenant} />
      </td>
      <td data-label={texts.columns.since} className="muted numeric cell-since">
        {since !== null && tenant !== null && (
          <time dateTime={since} title={wholeMomentText(since)}>
            {momentText(since)}
          </time>
        )}
      </td>
      <ActivityCells activity={activity} />
      <td className="cell-end">
        <span className="row-buttons">
          {button('history', texts.history)}
          {tenant !== null && button('take', texts.take, 'button-quiet-danger')}
          {tenant === null ? button('assign', texts.assign, 'button-primary') : button('assign', texts.transfer)}
        </span>
      </td>
    </tr>
  );
}
