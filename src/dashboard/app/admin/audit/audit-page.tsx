import { useEffect, useState } from 'react';
import { useSearchParams } from 'wouter';
import { cookieClient } from '../../api/client.js';
import { type Fault, asFault } from '../../api/problem.js';
import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { type AuditEntry, AuditRow } from './audit-row.js';
import { usePlatform } from '../platform-context.js';
import '../../styles/audit.css';

const texts = adminTexts.audit;
const PAGE = 50;

interface AuditPageAnswer {
  readonly audit: readonly AuditEntry[];
  readonly next: string | null;
}

/** Who changed what, newest first, with the state before and after. */
export default function AuditPage() {
  const { tenants } = usePlatform();
  const [search, setSearch] = useSearchParams();
  const tenant = search.get('customer') ?? '';
  return (
    <div className="admin">
      <PageHeading title={texts.title}>
        <div className="page-heading-end">
          <label className="inline-field">
            <span className="field-label">{texts.filter}</span>
            <select
              className="input"
              value={tenant}
              onChange={({ target }) =>
                setSearch(target.value === '' ? {} : { customer: target.value }, { replace: true })
              }
            >
              <option value="">{texts.everything}</option>
              {tenants.value?.map((one) => (
                <option key={one.tenant} value={one.tenant}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        </div>
      </PageHeading>
      <section className="card" aria-label={texts.caption}>
        <AuditList key={tenant} tenant={tenant} />
      </section>
    </div>
  );
}

interface Listed {
  readonly entries: readonly AuditEntry[];
  /** Undefined before the first page, null after the last. */
  readonly next: string | null | undefined;
  readonly fault?: Fault;
}

function AuditList({ tenant }: { readonly tenant: string }) {
  const [{ entries, next, fault }, setListed] = useState<Listed>({ entries: [], next: undefined });
  const [wanted, setWanted] = useState<string | undefined>(undefined);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const leaving = new AbortController();
    const query = { limit: PAGE, cursor: wanted, tenant: tenant === '' ? undefined : tenant };
    cookieClient.get<AuditPageAnswer>('/v1/admin/audit', query, leaving.signal).then(
      (page) => setListed((known) => ({ entries: [...known.entries, ...page.audit], next: page.next })),
      (error: unknown) => {
        if (!leaving.signal.aborted) setListed((known) => ({ ...known, fault: asFault(error) }));
      },
    );
    return () => leaving.abort();
  }, [tenant, wanted, round]);
  if (fault) return <Failed fault={fault} onRetry={() => setRound((known) => known + 1)} />;
  if (next === undefined) return <Loading />;
  if (entries.length === 0) return <Empty title={texts.empty} />;
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
            <AuditRow key={entry.id} entry={entry} />
          ))}
        </tbody>
      </table>
      {next !== null && (
        <div className="call-list-more">
          <button type="button" className="button" onClick={() => setWanted(next)}>
            {adminTexts.more}
          </button>
        </div>
      )}
    </>
  );
}
