import { PageHeading } from '../shell/page-heading.js';
import { tokenTexts as texts } from '../texts/tokens.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { useWorkspace } from '../workspace/workspace.js';
import { CreatedToken } from './created-token.js';
import { TokenForm } from './token-form.js';
import { TokenLists } from './token-lists.js';
import { useTokens } from './use-tokens.js';
import '../styles/sections.css';
import '../styles/stack-table.css';
import '../styles/tokens-page.css';

const PATH = '/v1/tokens';

/** What programs of the customer's read with: made here, shown once, ended here. */
export default function TokensPage() {
  const { client, me } = useWorkspace();
  if (me.scopes.includes('tokens:write')) return <Tokens key={client.mode} />;
  return (
    <>
      <PageHeading title={texts.title} />
      <section className="card">
        <Empty title={texts.notAllowed}>{texts.notAllowedHint}</Empty>
      </section>
    </>
  );
}

function Tokens() {
  const { client, me } = useWorkspace();
  const place = { client, path: PATH, onePath: PATH, scopes: me.scopes };
  const { list, streams, isCreating, setIsCreating, created, finish, forget } = useTokens(place);
  const { value, fault, reload } = list;
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
      {isCreating && (
        <TokenForm place={place} className="card token-form" onCreated={finish} onCancel={() => setIsCreating(false)} />
      )}
      {created && <CreatedToken key={created.id} created={created} onDone={forget} />}
      <section className="card">
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && value === undefined && <Loading />}
        {!fault && value?.tokens.length === 0 && <Empty title={texts.empty}>{texts.emptyHint}</Empty>}
        {!fault && value !== undefined && value.tokens.length > 0 && (
          <TokenLists
            tokens={value.tokens}
            streams={streams}
            caption={texts.list}
            place={place}
            onChanged={reload}
            onRolled={finish}
          />
        )}
      </section>
    </div>
  );
}
