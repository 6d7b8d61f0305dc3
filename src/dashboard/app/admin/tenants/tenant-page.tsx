import { useCallback, useState } from 'react';
import { Link } from 'wouter';
import { cookieClient } from '../../api/client.js';
import { useWrite } from '../../session/use-write.js';
import { AgentMark } from '../../calls/call-facts.js';
import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { ruleTexts } from '../../texts/rules.js';
import { Confirm } from '../../ui/confirm.js';
import { Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { EraseTenant } from './erase-tenant.js';
import { usePlatform } from '../platform-context.js';
import { path } from '../../api/path.js';
import { type Agent, type Tenant, listAll } from '../platform.js';
import { SignInLinkDialog } from '../access/sign-in-link-dialog.js';
import { PeopleCard } from './people-card.js';
import { StatusTag } from './status-tag.js';
import { TenantSettings } from './tenant-settings.js';
import { TokensCard } from '../access/tokens-card.js';
import { WebhooksCard } from './webhooks-card.js';
import '../../styles/agents.css';
import '../../styles/calls.css';

const texts = adminTexts.tenants;

/** One customer: its name and limits, its agents and tokens, and the ways to sign in. */
export default function TenantPage({ tenant: id }: { readonly tenant: string }) {
  const load = useCallback(
    (signal: AbortSignal) => cookieClient.get<Tenant>(path`/v1/admin/tenants/${id}`, {}, signal),
    [id],
  );
  const { value, fault, reload } = useLoaded(load);
  const { tenants } = usePlatform();
  const changed = () => {
    reload();
    tenants.reload();
  };
  return (
    <div className="admin">
      <Link href="/tenants" className="back-link">
        {texts.all}
      </Link>
      <PageHeading title={value?.name ?? id}>
        {value && <StatusTag status={value.status} />}
        {value && <TenantActions tenant={value} onChanged={changed} />}
      </PageHeading>
      {fault && <Failed fault={fault} onRetry={reload} />}
      {!fault && value === undefined && <Loading />}
      {!fault && value && (
        <>
          <OwnedAgents tenant={value.tenant} />
          <TenantSettings key={value.tenant} tenant={value} onChanged={changed} />
          <PeopleCard key={`people of ${value.tenant}`} tenant={value} />
          <WebhooksCard tenant={value.tenant} />
          <TokensCard
            owner={value.name}
            path={path`/v1/admin/tenants/${value.tenant}/tokens`}
            scopes={['events:read', 'agents:read', 'tokens:write', 'events:write', 'webhooks:write', 'rules:write']}
          />
          <EraseTenant tenant={value} onErased={tenants.reload} />
        </>
      )}
    </div>
  );
}

interface ActionProps {
  readonly tenant: Tenant;
  readonly onChanged: () => void;
}

function TenantActions({ tenant, onChanged }: ActionProps) {
  const { write, prompt } = useWrite();
  const [asked, setAsked] = useState<'suspend' | 'link' | null>(null);
  const isActive = tenant.status === 'active';
  const become = async (status: Tenant['status']) => {
    await write(() => cookieClient.send('PATCH', path`/v1/admin/tenants/${tenant.tenant}`, { status }));
    onChanged();
  };
  return (
    <div className="page-heading-end">
      <Link href={path`/tenants/${tenant.tenant}/rules`} className="button">
        {ruleTexts.title}
      </Link>
      <button type="button" className="button" onClick={() => setAsked('link')}>
        {texts.link}
      </button>
      {isActive ? (
        <button type="button" className="button button-quiet-danger" onClick={() => setAsked('suspend')}>
          {texts.suspend}
        </button>
      ) : (
        <button type="button" className="button" onClick={() => void become('active').catch(() => undefined)}>
          {texts.activate}
        </button>
      )}
      <Link href={`/view/${tenant.tenant}`} className="button button-primary">
        {texts.viewAs}
      </Link>
      {asked === 'link' && <SignInLinkDialog tenant={tenant} onClose={() => setAsked(null)} />}
      {asked === 'suspend' && (
        <Confirm
          title={texts.suspendTitle(tenant.name)}
          action={texts.suspend}
          onConfirm={() => become('suspended')}
          onClose={() => setAsked(null)}
        >
          {texts.suspendText}
        </Confirm>
      )}
      {prompt}
    </div>
  );
}

function OwnedAgents({ tenant }: { readonly tenant: string }) {
  const load = useCallback(
    (signal: AbortSignal) => listAll<Agent>('/v1/admin/agents', 'agents', signal, { tenant }),
    [tenant],
  );
  const { value, fault, reload } = useLoaded(load);
  return (
    <section className="card admin-section" aria-labelledby="owned-agents">
      <header className="section-head">
        <h2 id="owned-agents" className="section-title">
          {texts.agents}
        </h2>
        <Link href={`/agents?owner=${tenant}`} className="button button-small">
          {texts.manageAgents}
        </Link>
      </header>
      {fault && <Failed fault={fault} onRetry={reload} />}
      {value?.length === 0 && <p className="muted">{texts.noAgents}</p>}
      <ul className="agent-chips">
        {value?.map(({ agent }) => (
          <li key={agent} className="agent-chip">
            <AgentMark agent={agent} />
            <bdi>{agent}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}
