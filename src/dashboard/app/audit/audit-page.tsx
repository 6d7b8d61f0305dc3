import { useContext, useState } from 'react';
import { asFault } from '../api/problem.js';
import { PageHeading } from '../shell/page-heading.js';
import { auditTexts as texts } from '../texts/audit.js';
import { download } from '../ui/csv.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { TenantNames } from '../ui/tenant-names.js';
import { useWorkspace } from '../workspace/workspace.js';
import { actorText } from './audit-entry.js';
import { AuditFilters, type NamedTenant } from './audit-filters.js';
import { AuditRow } from './audit-row.js';
import { type AuditSearch, queryOf, useAuditSearch } from './audit-search.js';
import { exportAudit } from './export-audit.js';
import { useAudit } from './use-audit.js';
import '../styles/audit.css';
import '../styles/filters.css';
import '../styles/sections.css';
import '../styles/stack-table.css';

interface Props {
  /** The customers, for the operator's book; undefined: it is a customer's own. */
  readonly tenants?: readonly NamedTenant[] | undefined;
}

/** Who changed what, newest first, with the state before and after: of the platform, or of one customer. */
export default function AuditPage({ tenants }: Props) {
  const { client, api, showsTenant } = useWorkspace();
  const [search, change] = useAuditSearch();
  /** The actor that was clicked, as the row called it. */
  const [actor, setActor] = useState('');
  const path = `${api}/audit`;
  const narrow = (next: Partial<AuditSearch>, name?: string) => {
    if (name !== undefined) setActor(name);
    change(next);
  };
  return (
    <div className="audit">
      <PageHeading title={texts.title}>
        <div className="page-heading-end">
          <Export load={() => exportAudit(client, path, queryOf(search, showsTenant))} />
        </div>
      </PageHeading>
      {!showsTenant && <p className="muted audit-lead">{texts.lead}</p>}
      <AuditFilters
        search={search}
        onChange={change}
        tenants={tenants}
        actor={actor || actorText({ by: search.by, byName: null })}
      />
      <section className="card" aria-label={texts.caption}>
        <AuditList key={JSON.stringify(search)} path={path} search={search} onNarrow={narrow} />
      </section>
    </div>
  );
}

function Export({ load }: { readonly load: () => Promise<string> }) {
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const take = () => {
    setIsBusy(true);
    setFailure('');
    load()
      .then(
        (csv) => download('audit.csv', csv, 'text/csv'),
        (error: unknown) => setFailure(asFault(error).message),
      )
      .finally(() => setIsBusy(false));
  };
  return (
    <>
      <span className="field-error" role="alert">
        {failure}
      </span>
      <button type="button" className="button" disabled={isBusy} onClick={take}>
        {isBusy ? texts.exporting : texts.export}
      </button>
    </>
  );
}

interface ListProps {
  readonly path: string;
  readonly search: AuditSearch;
  readonly onNarrow: (change: Partial<AuditSearch>, actor?: string) => void;
}

function AuditList({ path, search, onNarrow }: ListProps) {
  const { showsTenant } = useWorkspace();
  const nameOf = useContext(TenantNames);
  const { entries, next, fault, more, retry } = useAudit(path, queryOf(search, showsTenant));
  if (fault) return <Failed fault={fault} onRetry={retry} />;
  if (next === undefined) return <Loading />;
  const isNarrowed = Object.values(search).some((value) => value !== '');
  if (entries.length === 0) return <Empty title={isNarrowed ? texts.noneFound : texts.empty} />;
  return (
    <>
      <table className="table stack-table audit-table">
        <caption className="visually-hidden">{texts.caption}</caption>
        <thead>
          <tr>
            {(['at', 'what', 'target', 'change', 'by'] as const).map((column) => (
              <th key={column} scope="col">
                {texts.columns[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} nameOf={nameOf} onNarrow={onNarrow} />
          ))}
        </tbody>
      </table>
      {next !== null && (
        <div className="call-list-more">
          <button type="button" className="button" onClick={more}>
            {texts.more}
          </button>
        </div>
      )}
    </>
  );
}
