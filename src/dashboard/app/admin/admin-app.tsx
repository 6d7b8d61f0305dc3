import { lazy } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { cookieClient } from '../api/client.js';
import { CallPage } from '../calls/call-page.js';
import { CallsPage } from '../calls/calls-page.js';
import { LivePage } from '../live/live-page.js';
import type { Me } from '../session/session.js';
import { Layout } from '../shell/layout.js';
import { NotFoundPage } from '../shell/not-found-page.js';
import { adminTexts } from '../texts/admin.js';
import { texts } from '../texts/en.js';
import { operatorTexts } from '../texts/operator.js';
import { WorkspaceProvider } from '../workspace/workspace.js';
import { CallActions } from './call-actions.js';
import { ExplainEvent } from './explain/explain-event.js';
import { PlatformProvider } from './platform-context.js';
import ViewPage from './view/view-page.js';
import '../styles/sections.css';
import '../styles/stack-table.css';
import '../styles/tenants.css';
import '../styles/platform-live.css';

const HomePage = lazy(() => import('./home/home-page.js'));
const TenantsPage = lazy(() => import('./tenants/tenants-page.js'));
const TenantPage = lazy(() => import('./tenants/tenant-page.js'));
const TenantWebhooks = lazy(() => import('./tenants/tenant-webhooks.js'));
const TenantRulesPage = lazy(() => import('./tenants/tenant-rules-page.js'));
const AgentsPage = lazy(() => import('./agents/agents-page.js'));
const EventsPage = lazy(() => import('../events/events-page.js'));
const ConnectionsPage = lazy(() => import('./streams/connections-page.js'));
const AuditBook = lazy(() => import('./audit-book.js'));
const ExplainPage = lazy(() => import('./explain/explain-page.js'));
const HealthPage = lazy(() => import('./health/health-page.js'));
const AccessPage = lazy(() => import('./access/access-page.js'));

const { nav } = adminTexts;
const NAVIGATION = [
  { to: '/home', label: operatorTexts.nav.home, icon: 'home' },
  { to: '/live', label: nav.live, icon: 'live' },
  { to: '/calls', label: nav.calls, icon: 'calls' },
  { to: '/tenants', label: nav.tenants, icon: 'tenants' },
  { to: '/agents', label: nav.agents, icon: 'agents' },
  { to: '/inspector', label: texts.nav.events, icon: 'events' },
  { to: '/connections', label: nav.connections, icon: 'connections' },
  { to: '/audit', label: nav.audit, icon: 'audit' },
  { to: '/explain', label: operatorTexts.nav.explain, icon: 'search' },
  { to: '/health', label: nav.health, icon: 'health' },
  { to: '/access', label: nav.access, icon: 'tokens' },
] as const;

/** The operator's page. Below `/admin/view/<tenant>` an operator sees what the customer sees at `/live`. */
export default function AdminApp({ me }: { readonly me: Me }) {
  return (
    <Switch>
      <Route path="/admin/view/:tenant" nest>
        {({ tenant }) => <ViewPage key={tenant} tenant={tenant} />}
      </Route>
      <Route path="/admin" nest>
        <PlatformPages me={me} />
      </Route>
      <Route>
        <Redirect to="/admin/live" replace />
      </Route>
    </Switch>
  );
}

function PlatformPages({ me }: { readonly me: Me }) {
  return (
    <WorkspaceProvider client={cookieClient} me={me}>
      <PlatformProvider>
        <Layout owner={adminTexts.platform} navigation={NAVIGATION} canSignOut>
          <Switch>
            <Route path="/">
              <Redirect to="/live" replace />
            </Route>
            <Route path="/home" component={HomePage} />
            <Route path="/live/:call?">{({ call }) => <LivePage picked={call} />}</Route>
            <Route path="/calls" component={CallsPage} />
            <Route path="/calls/:call">
              {({ call }) => <CallPage key={call} callKey={call} actions={<CallActions callKey={call} />} />}
            </Route>
            <Route path="/tenants" component={TenantsPage} />
            <Route path="/tenants/:tenant">{({ tenant }) => <TenantPage key={tenant} tenant={tenant} />}</Route>
            <Route path="/tenants/:tenant/webhooks/:id?">
              {({ tenant, id }) => <TenantWebhooks key={tenant} tenant={tenant} id={id} />}
            </Route>
            <Route path="/tenants/:tenant/rules">
              {({ tenant }) => <TenantRulesPage key={tenant} tenant={tenant} />}
            </Route>
            <Route path="/agents" component={AgentsPage} />
            <Route path="/inspector">
              <EventsPage actionsOf={(event) => <ExplainEvent event={event} />} />
            </Route>
            <Route path="/connections" component={ConnectionsPage} />
            <Route path="/audit" component={AuditBook} />
            <Route path="/explain" component={ExplainPage} />
            <Route path="/health" component={HealthPage} />
            <Route path="/access" component={AccessPage} />
            <Route component={NotFoundPage} />
          </Switch>
        </Layout>
      </PlatformProvider>
    </WorkspaceProvider>
  );
}
