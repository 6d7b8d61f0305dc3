import { Suspense, lazy } from 'react';
import { Router } from 'wouter';
import { cookieClient } from './api/client.js';
import { session } from './session/session.js';
import { InvitationPage, SignInPage } from './session/sign-in-page.js';
import { UnreachablePage } from './session/unreachable-page.js';

import { CustomerApp } from './customer-app.js';
import { basePath } from './common/place.js';
import { Loading } from './ui/states.js';
import { useStore } from './common/store.js';
import { texts } from './texts/en.js';

/** Customers need not load the operator's pages. */
const AdminApp = lazy(() => import('./admin/admin-app.js'));

/** The signed-in person decides what is shown: a customer's own page, or the platform's for an operator. */
export function App() {
  const now = useStore(session);
  switch (now.kind) {
    case 'checking':
      return <Loading label={texts.session.checking} fills />;
    case 'unreachable':
      return <UnreachablePage />;
    case 'invited':
      return <InvitationPage code={now.code} />;
    case 'signed-out':
      return <SignInPage reason={now.reason} />;
    case 'signed-in':
      if (now.me.tenant === null)
        return (
          <Router base={basePath}>
            <Suspense fallback={<Loading label={texts.session.checking} fills />}>
              <AdminApp me={now.me} />
            </Suspense>
          </Router>
        );
      return (
        <Router base={basePath}>
          <CustomerApp key={now.me.tenant} client={cookieClient} me={now.me} />
        </Router>
      );
  }
}
