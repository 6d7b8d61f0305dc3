import { useState } from 'react';
import { useWrite } from '../session/use-write.js';
import { useWorkspace } from '../shell/workspace.js';
import { tokenTexts as texts } from '../texts/tokens.js';
import { serverNow } from '../ui/clock.js';
import { Confirm } from '../ui/confirm.js';
import { dayText, momentText, wholeMomentText } from '../ui/format.js';
import { type TokenView, standingOf } from './token-list.js';

interface Props {
  readonly tokens: readonly TokenView[];
  readonly onChanged: () => void;
}

export function TokenTable({ tokens, onChanged }: Props) {
  const { client } = useWorkspace();
  const { write, prompt } = useWrite();
  const [asked, setAsked] = useState<TokenView | null>(null);
  const revoke = async ({ id }: TokenView) => {
    await write(() => client.send('DELETE', `/v1/tokens/${encodeURIComponent(id)}`));
    onChanged();
  };
  return (
    <div className="as-table-frame" tabIndex={0} role="region" aria-label={texts.list}>
      <table className="table tokens-table">
        <caption className="visually-hidden">{texts.list}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.columns.name}</th>
            <th scope="col">{texts.columns.scopes}</th>
            <th scope="col">{texts.columns.created}</th>
            <th scope="col">{texts.columns.used}</th>
            <th scope="col">{texts.columns.expires}</th>
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
          title={texts.revokeTitle(asked.name)}
          action={texts.revoke}
          onConfirm={() => revoke(asked)}
          onClose={() => setAsked(null)}
        >
          {texts.revokeText}
        </Confirm>
      )}
      {prompt}
    </div>
  );
}

function TokenRow({ token, onRevoke }: { readonly token: TokenView; readonly onRevoke: () => void }) {
  const { name, scopes, createdAt, lastUsedAt, expiresAt } = token;
  const standing = standingOf(token, serverNow());
  return (
    <tr className={standing === 'active' ? undefined : 'token-gone'}>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td className="token-scopes muted">{scopes.map((scope) => texts.scopeNames[scope] ?? scope).join(', ')}</td>
      <td className="muted numeric">{dayText(createdAt)}</td>
      <td className="muted numeric">
        {lastUsedAt === null ? (
          texts.never
        ) : (
          <time dateTime={lastUsedAt} title={wholeMomentText(lastUsedAt)}>
            {momentText(lastUsedAt)}
          </time>
        )}
      </td>
      <td className="muted numeric">{dayText(expiresAt)}</td>
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
          <span className="tag">{standing === 'revoked' ? texts.revoked : texts.expired}</span>
        )}
      </td>
    </tr>
  );
}
