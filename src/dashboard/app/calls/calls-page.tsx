import { PageHeading } from '../shell/page-heading.js';
import { useWorkspace } from '../workspace/workspace.js';
import { callTexts } from '../texts/calls.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { type CallSearch, useCallSearch } from './call-search.js';
import { CallTable } from './call-table.js';
import { SearchField } from '../ui/search-field.js';
import { useCallList } from './use-call-list.js';
import '../styles/calls.css';
import '../styles/filters.css';
import '../styles/call-list.css';

const texts = callTexts.list;

export function CallsPage() {
  const { me } = useWorkspace();
  const [search, change] = useCallSearch();
  const list = useCallList(search);
  const isNarrowed = search.q !== '' || search.agent !== '' || search.state !== '';
  const { calls } = list;
  return (
    <>
      <PageHeading title={texts.title}>
        <p className="muted numeric" role="status">
          {calls && texts.found(calls.length, list.hasMore)}
        </p>
      </PageHeading>
      <Filters search={search} agents={me.agents ?? []} onChange={change} />
      <section className="card call-list" aria-busy={list.isLoading}>
        {calls === undefined && !list.fault && <Loading />}
        {list.fault && <Failed fault={list.fault} onRetry={list.reload} />}
        {calls?.length === 0 && !list.hasMore && !list.fault && (
          <NoCalls isNarrowed={isNarrowed} onClear={() => change(NOTHING)} />
        )}
        {calls !== undefined && calls.length > 0 && <CallTable calls={calls} />}
        {list.hasMore && (
          <div className="call-list-more">
            <button type="button" className="button" disabled={list.isLoading} onClick={list.more}>
              {texts.more}
            </button>
          </div>
        )}
      </section>
    </>
  );
}

const NOTHING: CallSearch = { q: '', agent: '', state: '' };

function NoCalls({ isNarrowed, onClear }: { readonly isNarrowed: boolean; readonly onClear: () => void }) {
  if (!isNarrowed) return <Empty title={texts.empty}>{texts.emptyHint}</Empty>;
  return (
    <Empty title={texts.noneFound}>
      <p>{texts.noneFoundHint}</p>
      <button type="button" className="button state-button" onClick={onClear}>
        {texts.clear}
      </button>
    </Empty>
  );
}

interface FilterProps {
  readonly search: CallSearch;
  readonly agents: readonly string[];
  readonly onChange: (change: Partial<CallSearch>) => void;
}

function Filters({ search, agents, onChange }: FilterProps) {
  return (
    <search className="filters">
      <SearchField text={search.q} label={texts.searchLabel} hint={texts.search} onChange={(q) => onChange({ q })} />
      <select
        className="input"
        aria-label={texts.agent}
        value={search.agent}
        onChange={(event) => onChange({ agent: event.target.value })}
      >
        <option value="">{texts.anyAgent}</option>
        {agents.map((agent) => (
          <option key={agent}>{agent}</option>
        ))}
      </select>
      <select
        className="input"
        aria-label={texts.state}
        value={search.state}
        onChange={(event) => onChange({ state: event.target.value })}
      >
        <option value="">{texts.anyState}</option>
        <option value="live">{texts.states.live}</option>
        <option value="ended">{texts.states.ended}</option>
      </select>
    </search>
  );
}
