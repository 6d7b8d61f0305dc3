import { AgentMark } from '../../calls/call-facts.js';
import { adminTexts } from '../../texts/admin.js';
import { momentText, wholeMomentText } from '../../ui/format.js';
import type { Agent } from '../platform.js';
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

export function AgentTable({ agents, caption, onAct }: Props) {
  return (
    <table className="table stack-table">
      <caption className="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{texts.columns.agent}</th>
          <th scope="col">{texts.columns.owner}</th>
          <th scope="col">{texts.columns.since}</th>
          <th scope="col">
            <span className="visually-hidden">{texts.columns.action}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {agents.map((one) => (
          <AgentRow key={one.agent} one={one} onAct={onAct} />
        ))}
      </tbody>
    </table>
  );
}

function AgentRow({ one, onAct }: { readonly one: Agent; readonly onAct: Props['onAct'] }) {
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
      <td data-label={texts.columns.since} className="muted numeric">
        {since !== null && tenant !== null && (
          <time dateTime={since} title={wholeMomentText(since)}>
            {momentText(since)}
          </time>
        )}
      </td>
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
