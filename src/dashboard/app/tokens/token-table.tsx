import { useState } from 'react';
import { useWrite } from '../session/use-write.js';
import { scopeText, tokenTexts as texts } from '../texts/tokens.js';
import { Confirm } from '../ui/confirm.js';
import { dayText, momentText, wholeMomentText } from '../ui/format.js';
import { type TokenPlace, type TokenView, standingOf } from './token-list.js';

const { columns } = texts;

interface Props {
  readonly tokens: readonly TokenView[];
  readonly caption: string;
  readonly place: TokenPlace;
  readonly onChanged: () => void;
}

export function TokenTable({ tokens, caption, place: { client, revokePath }, onChanged }: Props) {
  const { write, prompt } = useWrite();
  const [asked, setAsked] = useState<TokenView | null>(null);
  const revoke = async ({ id }: TokenView) => {
    await write(() => client.send('DELETE', `${revokePath}/${encodeURIComponent(id)}`));
    onChanged();
  };
  return (
    <>
      <table className="table stack-table tokens-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {(['name', 'scopes', 'created', 'used', 'expires'] as const).map((column) => (
              <th key={column} scope="col">
                {columns[column]}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{columns.action}</span>
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
    </>
  );
}

function TokenRow({ token, onRevoke }: { readonly token: TokenView; readonly onRevoke: () => void }) {
  const { name, scopes, createdAt, lastUsedAt, expiresAt } = token;
  const standing = standingOf(token);
  return (
    <tr className={standing === 'active' ? undefined : 'token-gone'}>
      <th scope="row">
        <bdi>{name}</bdi>
      </th>
      <td data-label={columns.scopes} className="muted token-scopes">
        {scopes.map(scopeText).join(', ')}
      </td>
      <td data-label={columns.created} className="muted numeric">
        {dayText(createdAt)}
      </td>
      <td data-label={columns.used} className="muted numeric">
        {lastUsedAt === null ? (
          texts.never
        ) : (
          <time dateTime={lastUsedAt} title={wholeMomentText(lastUsedAt)}>
            {momentText(lastUsedAt)}
          </time>
        )}
      </td>
      <td data-label={columns.expires} className="muted numeric">
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
