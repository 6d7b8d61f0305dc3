import { cookieClient } from '../../api/client.js';
import { adminTexts } from '../../texts/admin.js';
import { tokenTexts } from '../../texts/tokens.js';
import { TokenForm } from '../../tokens/token-form.js';
import { TokenLists } from '../../tokens/token-lists.js';
import { useTokens } from '../../tokens/use-tokens.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Failed, Loading } from '../../ui/states.js';

const texts = adminTexts.tokens;

interface Props {
  readonly owner: string;
  readonly title?: string;
  readonly hint?: string;
  /** Where they are listed and made. */
  readonly path: string;
  readonly scopes: readonly string[];
}

/** Tokens of one customer or of the platform: made, shown once, revoked. */
export function TokensCard({ owner, title = tokenTexts.title, hint, path, scopes }: Props) {
  const place = { client: cookieClient, path, onePath: '/v1/admin/tokens', scopes };
  const { list, streams, isCreating, setIsCreating, created, finish } = useTokens(place);
  const { value, fault, reload } = list;
  return (
    <section className="card admin-section flush" aria-label={texts.caption(owner)}>
      <header className="section-head">
        <div>
          <h2 className="section-title">{title}</h2>
          {hint !== undefined && <p className="muted">{hint}</p>}
        </div>
        {!isCreating && (
          <button type="button" className="button button-small" onClick={() => setIsCreating(true)}>
            {tokenTexts.create}
          </button>
        )}
      </header>
      {isCreating && (
        <TokenForm place={place} className="section-form" onCreated={finish} onCancel={() => setIsCreating(false)} />
      )}
      {created && (
        <div className="created-token" role="status">
          <p>
            <strong>{tokenTexts.createdTitle(created.name)}</strong> {tokenTexts.createdHint}
          </p>
          <div className="secret">
            <code className="secret-text">{created.token}</code>
            <CopyButton text={created.token} label={tokenTexts.copyToken} />
          </div>
        </div>
      )}
      {fault && <Failed fault={fault} onRetry={reload} />}
      {!fault && value === undefined && <Loading />}
      {!fault && value?.tokens.length === 0 && <p className="muted section-text">{texts.empty}</p>}
      {!fault && value !== undefined && value.tokens.length > 0 && (
        <TokenLists
          tokens={value.tokens}
          streams={streams}
          caption={texts.caption(owner)}
          place={place}
          onChanged={reload}
          onRolled={finish}
        />
      )}
    </section>
  );
}
