import { useCallback, useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { bearerClient, cookieClient } from '../../api/client.js';
import { asFault } from '../../api/problem.js';
import { CustomerApp } from '../../customer-app.js';
import type { Me } from '../../session/session.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import { serverNow } from '../../common/clock.js';
import { momentText } from '../../ui/format.js';
import { basePath } from '../../common/place.js';
import { Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { path } from '../../api/path.js';
import type { Tenant } from '../platform.js';
import { type ViewToken, keepViewToken, viewTokenOf } from './view-token.js';
import '../../styles/view.css';

const texts = adminTexts.view;

/** A customer's page exactly as the customer has it, through a token that reads and never writes. */
export default function ViewPage({ tenant }: { readonly tenant: string }) {
  const [view, setView] = useState(() => viewTokenOf(tenant));
  const [hasEnded, setHasEnded] = useState(false);
  const load = useCallback(
    (signal: AbortSignal) => cookieClient.get<Tenant>(path`/v1/admin/tenants/${tenant}`, {}, signal),
    [tenant],
  );
  const name = useLoaded(load).value?.name ?? tenant;
  const end = useCallback(() => {
    keepViewToken(tenant, null);
    setView(null);
    setHasEnded(true);
  }, [tenant]);
  const opened = (next: ViewToken) => {
    keepViewToken(tenant, next);
    setView(next);
  };
  if (view === null) return <OpenView tenant={tenant} name={name} hasEnded={hasEnded} onOpened={opened} />;
  return <View key={view.token} name={name} view={view} onEnded={end} />;
}

interface ViewProps {
  readonly name: string;
  readonly view: ViewToken;
  readonly onEnded: () => void;
}

function View({ name, view: { token, expiresAt }, onEnded }: ViewProps) {
  const client = useMemo(() => bearerClient(token), [token]);
  const load = useCallback((signal: AbortSignal) => client.get<Me>('/v1/me', {}, signal), [client]);
  const { value: me, fault, reload } = useLoaded(load);
  useEffect(() => {
    // Checked repeatedly: a timer that is set once does not notice a clock that jumps.
    const timer = setInterval(() => Date.parse(expiresAt) <= serverNow() && onEnded(), 1000);
    return () => clearInterval(timer);
  }, [expiresAt, onEnded]);
  useEffect(() => {
    if (fault?.endsSession && fault.slug !== 'tenant-suspended') onEnded();
  }, [fault, onEnded]);
  if (me !== undefined)
    return <CustomerApp client={client} me={me} banner={<Banner name={name} until={expiresAt} />} />;
  return (
    <main className="view-gate">
      <Banner name={name} until={expiresAt} />
      {fault ? <Failed fault={fault} onRetry={reload} /> : <Loading />}
    </main>
  );
}

function Banner({ name, until }: { readonly name: string; readonly until: string }) {
  return (
    <aside className="banner view-banner" aria-label={texts.title(name)}>
      <p>
        <strong>{texts.banner(name)}</strong>
        <span className="banner-hint">{texts.until(momentText(until))}</span>
      </p>
      <Link href={`~${basePath}/admin/tenants`} className="button button-small">
        {texts.back}
      </Link>
    </aside>
  );
}

interface OpenProps {
  readonly tenant: string;
  readonly name: string;
  readonly hasEnded: boolean;
  readonly onOpened: (view: ViewToken) => void;
}

/** Asks first, because the audit records that somebody looked. */
function OpenView({ tenant, name, hasEnded, onOpened }: OpenProps) {
  const { write, prompt } = useWrite();
  const [state, setState] = useState<{ busy: boolean; failure?: string }>({ busy: false });
  useEffect(() => {
    document.title = texts.title(name);
  }, [name]);
  const open = () => {
    setState({ busy: true });
    write(() => cookieClient.send<ViewToken>('POST', path`/v1/admin/tenants/${tenant}/views`, { ttl: '1h' })).then(
      onOpened,
      (error: unknown) => setState({ busy: false, failure: asFault(error).message }),
    );
  };
  return (
    <main className="view-gate">
      <section className="card view-card">
        <h1 className="page-title">{hasEnded ? texts.ended : texts.title(name)}</h1>
        <p className="muted">{texts.text}</p>
        <p className="field-error" role="alert">
          {state.failure}
        </p>
        <div className="form-actions">
          <Link href={`~${basePath}/admin/tenants`} className="button">
            {texts.back}
          </Link>
          <button type="button" className="button button-primary" disabled={state.busy} onClick={open}>
            {state.busy ? texts.opening : texts.open}
          </button>
        </div>
      </section>
      {prompt}
    </main>
  );
}
