import { useCallback, useState } from 'react';
import { cookieClient } from '../api/client.js';
import { useWrite } from '../session/use-write.js';
import { adminTexts } from '../texts/admin.js';
import { tokenTexts } from '../texts/tokens.js';
import { serverNow } from '../ui/clock.js';
import { Confirm } from '../ui/confirm.js';
import { CopyButton } from '../ui/copy-button.js';
import { dayText, momentText } from '../ui/format.js';
import { Failed, Loading } from '../ui/states.js';
import { useLoaded } from '../ui/use-loaded.js';
import { type NewToken, type TokenPage, type TokenView, standingOf } from '../tokens/token-list.js';
import { NewTokenForm } from './new-token-form.js';
import { path as pathTo } from './platform.js';

const texts = adminTexts.tokens;
const PAGE = 200;

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
  const load = useCallback((signal: AbortSignal) => cookieClient.get<TokenPage>(path, { limit: PAGE }, signal), [path]);
  const { value, fault, reload } = useLoaded(load);
  const [isCreating, setIsCreating] = useState(false);
  const [created, setCreated] = useState<NewToken | null>(null);
  return (
    <section className="card admin-section flush" aria-label={texts.caption(owner)}>
      <header className="section-head">
        <div>
          <h2 className="section-title">{title}</h2>
          {hint !== undefined && <p className="muted">{hint}</p>}
        </div>
        {!isCreating && (
          <button type="button" className="button button-small" onClick={() => setIsCreating(true)}>
            {texts.create}
          </button>
        )}
      </header>
      {isCreating && (
        <NewTokenForm
          path={path}
          scopes={scopes}
          onCancel={() => setIsCreating(false)}
          onCreated={(token) => {
            setIsCreating(false);
            setCreated(token);
            reload();
          }}
        />
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
        <TokenRows tokens={value.tokens} owner={owner} onChanged={reload} />
      )}
    </section>
  );
}

interface RowsProps {
  readonly tokens: readonly TokenView[];
  readonly owner: string;
  readonly onChanged: () => void;
}

function TokenRows({ tokens, owner, onChanged }: RowsProps) {
  const { write, prompt } = useWrite();
  const [asked, setAsked] = useState<TokenView | null>(null);
  const revoke = async ({ id }: TokenView) => {
    await write(() => cookieClient.send('DELETE', pathTo`/v1/admin/tokens/${id}`));
    onChanged();
  };
  return (
    <>
      <table className="table stack-table">
        <caption className="visually-hidden">{texts.caption(owner)}</caption>
        <thead>
          <tr>
            {(['name', 'scopes', 'used', 'expires'] as const).map((column) => (
              <th key={column} scope="col">
                {texts.columns[column]}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{texts.columns.action}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <TokenRow key={token.id} token={token} onRevoke={() => setAsked(token)} />
          ))}
        </tbody>
      </table>
      {asked && (
        <Confirm
          title={tokenTexts.revokeTitle(asked.name)}
          action={texts.revoke}
          onConfirm={() => revoke(asked)}
          onClose={() => setAsked(null)}
        >
          {tokenTexts.revokeText}
        </Confirm>
      )}
      {prompt}
    </>
  );
}

function TokenRow({ token, onRevoke }: { readonly token: TokenView; readonly onRevoke: () => void }) {
  const { name, scopes, lastUsedAt, expiresAt } = token;
  const standing = standingOf(token, serverNow());
  const nameOf = (scope: string) => adminTexts.access.scopeNames[scope] ?? tokenTexts.scopeNames[scope] ?? scope;
  return (
    <tr className={standing === 'active' ? undefined : 'row-dimmed'}>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td data-label={texts.columns.scopes} className="muted token-scopes">
        {scopes.map(nameOf).join(', ')}
      </td>
      <td data-label={texts.columns.used} className="muted numeric">
        {lastUsedAt === null ? texts.never : momentText(lastUsedAt)}
      </td>
      <td data-label={texts.columns.expires} className="muted numeric">
        {dayText(expiresAt)}
      </td>
      <td className="cell-end">
        {standing === 'active' ? (
          <button
            type="button"
            className="button button-small button-quiet-danger"
            aria-label={`${texts.revoke} ${name}`}
            onClick={onRevoke}
          >
            {texts.revoke}
          </button>
        ) : (
          <span className="tag">{texts[standing]}</span>
        )}
      </td>
    </tr>
  );
}
