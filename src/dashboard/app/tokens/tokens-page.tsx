import { useCallback, useState } from 'react';
import { PageHeading } from '../shell/page-heading.js';
import { useWorkspace } from '../shell/workspace.js';
import { tokenTexts as texts } from '../texts/tokens.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { useLoaded } from '../ui/use-loaded.js';
import { CreatedToken } from './created-token.js';
import { TokenForm } from './token-form.js';
import type { NewToken, TokenPage } from './token-list.js';
import { TokenTable } from './token-table.js';
import '../styles/call-list.css';
import '../styles/tokens.css';

const PAGE = 200;

/** What programs of the customer's read with: made here, shown once, ended here. */
export default function TokensPage() {
  const { client, me } = useWorkspace();
  const mayManage = me.scopes.includes('tokens:write');
  return (
    <>
      {mayManage ? (
        <Tokens key={client.mode} />
      ) : (
        <>
          <PageHeading title={texts.title} />
          <section className="card">
            <Empty title={texts.notAllowed}>{texts.notAllowedHint}</Empty>
          </section>
        </>
      )}
    </>
  );
}

function Tokens() {
  const { client } = useWorkspace();
  const load = useCallback(
    (signal: AbortSignal) => client.get<TokenPage>('/v1/tokens', { limit: PAGE }, signal),
    [client],
  );
  const { value, fault, reload } = useLoaded(load);
  const [isCreating, setIsCreating] = useState(false);
  const [created, setCreated] = useState<NewToken | null>(null);
  const finish = (token: NewToken) => {
    setIsCreating(false);
    setCreated(token);
    reload();
  };
  return (
    <div className="tokens">
      <PageHeading title={texts.title}>
        {!isCreating && (
          <div className="page-heading-end">
            <button type="button" className="button button-primary" onClick={() => setIsCreating(true)}>
              {texts.create}
            </button>
          </div>
        )}
      </PageHeading>
      <p className="muted">{texts.lead}</p>
      {isCreating && <TokenForm onCreated={finish} onCancel={() => setIsCreating(false)} />}
      {created && <CreatedToken key={created.id} created={created} onDone={() => setCreated(null)} />}
      <section className="card call-list">
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && value === undefined && <Loading />}
        {!fault && value?.tokens.length === 0 && <Empty title={texts.empty}>{texts.emptyHint}</Empty>}
        {!fault && value !== undefined && value.tokens.length > 0 && (
          <TokenTable tokens={value.tokens} onChanged={reload} />
        )}
      </section>
    </div>
  );
}
