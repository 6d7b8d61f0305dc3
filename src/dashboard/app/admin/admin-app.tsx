import { lazy } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Layout } from '../shell/layout.js';
import { NotFoundPage } from '../shell/not-found-page.js';
import { adminTexts } from '../texts/admin.js';
import { PlatformProvider } from './platform-context.js';
import { PlatformLivePage } from './platform-live-page.js';
import ViewPage from './view-page.js';
import '../styles/call-list.css';
import '../styles/tokens.css';
import '../styles/admin.css';

const TenantsPage = lazy(() => import('./tenants-page.js'));
const TenantPage = lazy(() => import('./tenant-page.js'));
const AgentsPage = lazy(() => import('./agents-page.js'));
const ConnectionsPage = lazy(() => import('./connections-page.js'));
const AuditPage = lazy(() => import('./audit-page.js'));
const HealthPage = lazy(() => import('./health-page.js'));
const AccessPage = lazy(() => import('./access-page.js'));

const { nav } = adminTexts;
const NAVIGATION = [
  { to: '/live', label: nav.live, icon: 'live' },
  { to: '/tenants', label: nav.tenants, icon: 'tenants' },
  { to: '/agents', label: nav.agents, icon: 'agents' },
  { to: '/connections', label: nav.connections, icon: 'connections' },
  { to: '/audit', label: nav.audit, icon: 'audit' },
  { to: '/health', label: nav.health, icon: 'health' },
  { to: '/access', label: nav.access, icon: 'tokens' },
] as const;

/** The operator's page. What a customer has at `/live` an operator may look at below `/admin/view/<tenant>`. */
export default function AdminApp() {
  return (
    <Switch>
      <Route path="/admin/view/:tenant" nest>
        {({ tenant }) => <ViewPage key={tenant} tenant={tenant} />}
      </Route>
      <Route path="/admin" nest>
        <PlatformPages />
      </Route>
      <Route>
        <Redirect to="/admin/live" replace />
      </Route>
    </Switch>
  );
}

function PlatformPages() {
  return (
    <PlatformProvider>
      <Layout owner={adminTexts.platform} navigation={NAVIGATION} canSignOut>
        <Switch>
          <Route path="/">
            <Redirect to="/live" replace />
          </Route>
          <Route path="/live/:call?">{({ call }) => <PlatformLivePage picked={call} />}</Route>
          <Route path="/tenants" component={TenantsPage} />
          <Route path="/tenants/:tenant">{({ tenant }) => <TenantPage key={tenant} tenant={tenant} />}</Route>
          <Route path="/agents" component={AgentsPage} />
          <Route path="/connections" component={ConnectionsPage} />
          <Route path="/audit" component={AuditPage} />
          <Route path="/health" component={HealthPage} />
          <Route path="/access" component={AccessPage} />
          <Route component={NotFoundPage} />
        </Switch>
      </Layout>
    </PlatformProvider>
  );
}
