import { useMemo, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { operatorTexts } from '../../texts/operator.js';
import { dayText } from '../../ui/format.js';
import { SearchField, isFound } from '../../ui/search-field.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { useStore } from '../../common/store.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { usePlatform } from '../platform-context.js';
import { type Tenant, listAgents } from '../platform.js';
import { ACTIVITY_COLUMNS, ActivityCells } from '../activity-cells.js';
import { useActivity } from '../use-activity.js';
import { TenantForm } from './tenant-form.js';
import { StatusTag } from './status-tag.js';
import { hueClass } from '../../ui/tenant-tag.js';
import { namingIn } from '../../workspace/reach.js';
import { useWorkspace } from '../../workspace/workspace.js';
import '../../styles/filters.css';

const texts = adminTexts.tenants;
const activityTexts = operatorTexts.activity;
const columns = { ...texts.columns, ...ACTIVITY_COLUMNS };
const CELL_CLASSES: Readonly<Record<string, string>> = { action: 'cell-end', since: 'cell-since' };
const COLUMNS = ['name', 'status', 'agents', 'calls', 'today', 'minutes', 'last', 'since', 'action'] as const;

export default function TenantsPage() {
  const { tenants } = usePlatform();
  const { value, fault, reload } = tenants;
  const [isCreating, setIsCreating] = useState(false);
  const [search, setSearch] = useSearchParams();
  const q = search.get('q') ?? '';
  const found = useMemo(() => value?.filter(({ tenant, name }) => isFound(q, tenant, name)), [value, q]);
  const [, navigate] = useLocation();
  return (
    <div className="admin">
      <PageHeading title={texts.title}>
        {!isCreating && (
          <div className="page-heading-end">
            <button type="button" className="button button-primary" onClick={() => setIsCreating(true)}>
              {texts.create}
            </button>
          </div>
        )}
      </PageHeading>
      {isCreating && (
        <TenantForm
          onCancel={() => setIsCreating(false)}
          onCreated={({ tenant }) => {
            reload();
            navigate(`/tenants/${tenant}`);
          }}
        />
      )}
      {value !== undefined && value.length > 1 && (
        <search className="filters">
          <SearchField
            text={q}
            label={activityTexts.searchTenants}
            hint={activityTexts.searchTenantsHint}
            onChange={(next) => setSearch(next === '' ? {} : { q: next }, { replace: true })}
          />
        </search>
      )}
      <section className="card" aria-label={texts.caption}>
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && value === undefined && <Loading />}
        {!fault && value?.length === 0 && <Empty title={texts.empty}>{texts.emptyHint}</Empty>}
        {!fault && q !== '' && found?.length === 0 && <Empty title={activityTexts.noneFound} />}
        {!fault && found !== undefined && found.length > 0 && <TenantTable tenants={found} />}
      </section>
    </div>
  );
}

function TenantTable({ tenants }: { readonly tenants: readonly Tenant[] }) {
  const { feed } = useWorkspace();
  const ids = useStore(feed.calls.ids);
  const { value: agents } = useLoaded(listAgents);
  const calls = useMemo(() => countBy(ids.map((key) => namingIn({ showsTenant: true }, key).tenant)), [ids]);
  const activity = useActivity(
    'tenants',
    useMemo(() => tenants.map(({ tenant }) => tenant), [tenants]),
  );
  const owned = useMemo(() => countBy((agents ?? []).map(({ tenant }) => tenant)), [agents]);
  return (
    <table className="table stack-table activity-table">
      <caption className="visually-hidden">{texts.caption}</caption>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <th key={column} scope="col" className={CELL_CLASSES[column]}>
              <span className={column === 'action' ? 'visually-hidden' : undefined}>{columns[column]}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {tenants.map(({ tenant, name, status, createdAt }) => (
          <tr key={tenant} className={status === 'active' ? 'table-row' : 'table-row row-dimmed'}>
            <th scope="row">
              <span className="tenant-name">
                <span className={`tenant-dot ${hueClass(tenant)}`} aria-hidden="true" />
                <span>
                  <Link href={`/tenants/${tenant}`} className="row-link">
                    <bdi>{name}</bdi>
                  </Link>
                  <span className="muted tenant-id">{tenant}</span>
                </span>
              </span>
            </th>
            <td data-label={columns.status}>
              <StatusTag status={status} />
            </td>
            <td data-label={columns.agents} className="numeric">
              {agents === undefined ? '' : (owned.get(tenant) ?? 0)}
            </td>
            <td data-label={columns.calls} className="numeric">
              {calls.get(tenant) ?? 0}
            </td>
            <ActivityCells activity={activity.get(tenant)} />
            <td data-label={columns.since} className="muted numeric cell-since">
              {dayText(createdAt)}
            </td>
            <td className="cell-end row-action">
              <Link href={`/view/${tenant}`} className="button button-small" aria-label={texts.viewAsLabel(name)}>
                {texts.viewAs}
              </Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function countBy<Name>(names: readonly Name[]): Map<Name, number> {
  const counts = new Map<Name, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
