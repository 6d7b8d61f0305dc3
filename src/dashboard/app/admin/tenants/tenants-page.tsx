import { useMemo, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { dayText } from '../../ui/format.js';
import { Empty, Failed, Loading } from '../../ui/states.js';
import { useStore } from '../../common/store.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { usePlatform } from '../platform-context.js';
import { type Tenant, listAgents } from '../platform.js';
import { TenantForm } from './tenant-form.js';
import { StatusTag } from './status-tag.js';
import { hueClass } from '../../ui/tenant-tag.js';
import { namingIn } from '../../workspace/reach.js';
import { useWorkspace } from '../../workspace/workspace.js';

const texts = adminTexts.tenants;

export default function TenantsPage() {
  const { tenants } = usePlatform();
  const { value, fault, reload } = tenants;
  const [isCreating, setIsCreating] = useState(false);
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
      <section className="card" aria-label={texts.caption}>
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && value === undefined && <Loading />}
        {!fault && value?.length === 0 && <Empty title={texts.empty}>{texts.emptyHint}</Empty>}
        {!fault && value !== undefined && value.length > 0 && <TenantTable tenants={value} />}
      </section>
    </div>
  );
}

function TenantTable({ tenants }: { readonly tenants: readonly Tenant[] }) {
  const { feed } = useWorkspace();
  const ids = useStore(feed.calls.ids);
  const { value: agents } = useLoaded(listAgents);
  const calls = useMemo(() => countBy(ids.map((key) => namingIn({ showsTenant: true }, key).tenant)), [ids]);
  const owned = useMemo(() => countBy((agents ?? []).map(({ tenant }) => tenant)), [agents]);
  return (
    <table className="table stack-table">
      <caption className="visually-hidden">{texts.caption}</caption>
      <thead>
        <tr>
          {(['name', 'status', 'agents', 'calls', 'since', 'action'] as const).map((column) => (
            <th key={column} scope="col" className={column === 'action' ? 'cell-end' : undefined}>
              <span className={column === 'action' ? 'visually-hidden' : undefined}>{texts.columns[column]}</span>
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
            <td data-label={texts.columns.status}>
              <StatusTag status={status} />
            </td>
            <td data-label={texts.columns.agents} className="numeric">
              {agents === undefined ? '' : (owned.get(tenant) ?? 0)}
            </td>
            <td data-label={texts.columns.calls} className="numeric">
              {calls.get(tenant) ?? 0}
            </td>
            <td data-label={texts.columns.since} className="muted numeric">
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
