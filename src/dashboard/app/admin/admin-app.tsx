import { Redirect, Route, Switch } from 'wouter';
import type { Me } from '../session/session.js';
import { Layout } from '../shell/layout.js';
import { NotFoundPage } from '../shell/not-found-page.js';
import { texts } from '../texts/en.js';

/** The operator's page. */
export function AdminApp({ me: _me }: { readonly me: Me }) {
  return (
    <Layout owner={texts.nav.platform} navigation={[]} canSignOut>
      <Switch>
        <Route path="/">
          <Redirect to="/admin" replace />
        </Route>
        <Route component={NotFoundPage} />
      </Switch>
    </Layout>
  );
}
