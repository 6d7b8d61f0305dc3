import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { operatorTexts } from '../../texts/operator.js';
import { SearchField, isFound } from '../../ui/search-field.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { AddAgent } from './add-agent.js';
import { AgentTable, type AgentAct } from './agent-table.js';
import { AssignDialog } from './assign-dialog.js';
import { HistoryDialog } from './history-dialog.js';
import { usePlatform } from '../platform-context.js';
import { type Agent, listAgents } from '../platform.js';
import { TakeAway } from './take-away.js';
import '../../styles/agents.css';
import '../../styles/calls.css';
import '../../styles/filters.css';

const texts = adminTexts.agents;
const activityTexts = operatorTexts.activity;

/** Who owns which agent. Agents without an owner come first, because they need one. */
export default function AgentsPage() {
  const { value, fault, reload } = useLoaded(listAgents);
  const [search, setSearch] = useSearchParams();
  const owner = search.get('owner') ?? '';
  const [act, setAct] = useState<AgentAct | null>(null);
  const [done, setDone] = useState('');
  const [isAdding, setIsAdding] = useState(false);
  const q = search.get('q') ?? '';
  const { nameOf } = usePlatform();
  const found = value?.filter(({ agent, tenant }) => isFound(q, agent, tenant ?? '', nameOf(tenant ?? ''))) ?? [];
  const unassigned = found.filter(({ tenant }) => tenant === null);
  const owned = found.filter(({ tenant }) => tenant !== null && (owner === '' || tenant === owner));
  const narrow = (change: { readonly q?: string; readonly owner?: string }) => {
    const next = Object.entries({ q, owner, ...change }).filter(([, text]) => text !== '');
    setSearch(Object.fromEntries(next), { replace: true });
  };
  const finish = (text: string) => {
    setAct(null);
    setDone(text);
    reload();
  };
  return (
    <div className="admin">
      <PageHeading title={texts.title}>
        <div className="page-heading-end">
          <button type="button" className="button" onClick={() => setIsAdding(true)}>
            {texts.add}
          </button>
        </div>
      </PageHeading>
      <p className="saved" role="status">
        {done}
      </p>
      {fault && (
        <section className="card">
          <Failed fault={fault} onRetry={reload} />
        </section>
      )}
      {!fault && value === undefined && <Loading />}
      {!fault && value?.length === 0 && (
        <section className="card">
          <Empty title={texts.empty}>{texts.emptyHint}</Empty>
        </section>
      )}
      {!fault && value !== undefined && value.length > 0 && (
        <>
          <search className="filters">
            <SearchField
              text={q}
              label={activityTexts.searchAgents}
              hint={activityTexts.searchAgentsHint}
              onChange={(next) => narrow({ q: next })}
            />
          </search>
          <section className="card admin-section flush" aria-labelledby="unassigned">
            <header className="section-head">
              <div>
                <h2 id="unassigned" className="section-title">
                  {texts.unassigned}
                </h2>
                <p className="muted">
                  {unassigned.length > 0
                    ? texts.unassignedHint
                    : q === ''
                      ? texts.noneUnassigned
                      : activityTexts.noneFound}
                </p>
              </div>
            </header>
            {unassigned.length > 0 && <AgentTable agents={unassigned} caption={texts.unassigned} onAct={setAct} />}
          </section>
          <section className="card admin-section flush" aria-labelledby="owned">
            <header className="section-head">
              <h2 id="owned" className="section-title">
                {texts.owned}
              </h2>
              <OwnerFilter owner={owner} onChange={(next) => narrow({ owner: next })} />
            </header>
            {owned.length === 0 ? (
              <Empty title={activityTexts.noneFound} />
            ) : (
              <AgentTable agents={owned} caption={texts.caption} onAct={setAct} />
            )}
          </section>
        </>
      )}
      {isAdding && (
        <AddAgent
          onClose={() => setIsAdding(false)}
          onNamed={(agent) => {
            setIsAdding(false);
            setAct({ kind: 'assign', agent: value?.find((one) => one.agent === agent) ?? unknown(agent) });
          }}
        />
      )}
      {act?.kind === 'assign' && <AssignDialog agent={act.agent} onClose={() => setAct(null)} onDone={finish} />}
      {act?.kind === 'take' && <TakeAway agent={act.agent} onClose={() => setAct(null)} onDone={finish} />}
      {act?.kind === 'history' && <HistoryDialog agent={act.agent.agent} onClose={() => setAct(null)} />}
    </div>
  );
}

/** An agent that has not been heard of yet. */
function unknown(agent: string): Agent {
  return { agent, tenant: null, since: null };
}

interface FilterProps {
  readonly owner: string;
  readonly onChange: (owner: string) => void;
}

function OwnerFilter({ owner, onChange }: FilterProps) {
  const { tenants } = usePlatform();
  return (
    <label className="inline-field">
      <span className="field-label">{texts.filter}</span>
      <select className="input" value={owner} onChange={(event) => onChange(event.target.value)}>
        <option value="">{texts.everybody}</option>
        {tenants.value?.map(({ tenant, name }) => (
          <option key={tenant} value={tenant}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
