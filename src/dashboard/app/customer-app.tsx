import { lazy } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import type { Client } from './api/client.js';
import { CallPage } from './calls/call-page.js';
import { CallsPage } from './calls/calls-page.js';
import { LivePage } from './live/live-page.js';
import type { Me } from './session/session.js';
import { Layout } from './shell/layout.js';
import { NotFoundPage } from './shell/not-found-page.js';
import { WorkspaceProvider } from './workspace/workspace.js';
import { texts } from './texts/en.js';
import { WebhooksBadge } from './webhooks/trouble.js';

/** Charts are a good part of the page's weight, and most visits look at calls. */
const OverviewPage = lazy(() => import('./overview/overview-page.js'));
const RulesPage = lazy(() => import('./rules/rules-page.js'));
const EventsPage = lazy(() => import('./events/events-page.js'));
const TokensPage = lazy(() => import('./tokens/tokens-page.js'));
const AuditPage = lazy(() => import('./audit/audit-page.js'));
const OwnWebhooks = lazy(() => import('./webhooks/own-webhooks.js'));

const NAVIGATION = [
  { to: '/live', label: texts.nav.live, icon: 'live' },
  { to: '/calls', label: texts.nav.calls, icon: 'calls' },
  { to: '/overview', label: texts.nav.overview, icon: 'overview' },
  { to: '/rules', label: texts.nav.rules, icon: 'rules' },
  { to: '/inspector', label: texts.nav.events, icon: 'events' },
  { to: '/tokens', label: texts.nav.tokens, icon: 'tokens' },
] as const;
const WEBHOOKS = { to: '/webhooks', label: texts.nav.webhooks, icon: 'webhooks', badge: <WebhooksBadge /> } as const;
const AUDIT = { to: '/audit', label: texts.nav.audit, icon: 'audit' } as const;

interface Props {
  readonly client: Client;
  readonly me: Me;
  /** Said above the page, as when an operator looks at it. */
  readonly banner?: React.ReactNode;
}

/**
 * A customer's page, below whatever path the router around it names (`<Route path="/admin/view/:tenant" nest>`): with
 * the customer's own session, or with a token of the customer's that an operator looks through.
 */
export function CustomerApp({ client, me, banner }: Props) {
  // What this session may not do is not offered.
  const navigation = [...NAVIGATION, ...(me.scopes.includes('webhooks:write') ? [WEBHOOKS] : []), AUDIT];
  return (
    <WorkspaceProvider client={client} me={me}>
      <Layout owner={me.tenant ?? ''} navigation={navigation} banner={banner} canSignOut={client.mode === 'cookie'}>
        <Switch>
          <Route path="/">
            <Redirect to="/live" replace />
          </Route>
          <Route path="/live/:call?">{({ call }) => <LivePage picked={call} />}</Route>
          <Route path="/calls" component={CallsPage} />
          <Route path="/calls/:call">{({ call }) => <CallPage key={call} callKey={call} />}</Route>
          <Route path="/overview" component={OverviewPage} />
          <Route path="/rules" component={RulesPage} />
          <Route path="/inspector">
            <EventsPage />
          </Route>
          <Route path="/tokens" component={TokensPage} />
          <Route path="/webhooks/:id?">{({ id }) => <OwnWebhooks id={id} />}</Route>
          <Route path="/audit">
            <AuditPage />
          </Route>
          <Route component={NotFoundPage} />
        </Switch>
      </Layout>
    </WorkspaceProvider>
  );
}
