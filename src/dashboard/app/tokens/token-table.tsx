import { useState } from 'react';
import { useWrite } from '../session/use-write.js';
import { scopeText, tokenTexts as texts } from '../texts/tokens.js';
import { Confirm } from '../ui/confirm.js';
import { countText, dayText, momentText, wholeMomentText } from '../ui/format.js';
import { RollDialog } from './roll-dialog.js';
import { type NewToken, type OpenStreams, type TokenPlace, type TokenView, standingOf } from './token-list.js';

const { columns } = texts;

interface Props {
  readonly tokens: readonly TokenView[];
  readonly streams: OpenStreams | undefined;
  readonly caption: string;
  readonly place: TokenPlace;
  readonly onChanged: () => void;
  readonly onRolled: (token: NewToken) => void;
}

export function TokenTable({ tokens, streams, caption, place, onChanged, onRolled }: Props) {
  const { client, onePath } = place;
  const { write, prompt } = useWrite();
  const [asked, setAsked] = useState<TokenView | null>(null);
  const [rolling, setRolling] = useState<TokenView | null>(null);
  const revoke = async ({ id }: TokenView) => {
    await write(() => client.send('DELETE', `${onePath}/${encodeURIComponent(id)}`));
    onChanged();
  };
  return (
    <>
      <table className="table stack-table tokens-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {(['name', 'scopes', 'created', 'used', 'reads', 'expires'] as const).map((column) => (
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
            <TokenRow
              key={token.id}
              token={token}
              open={streams && (streams.get(token.id) ?? 0)}
              onRoll={() => setRolling(token)}
              onRevoke={() => setAsked(token)}
            />
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
      {rolling && <RollDialog token={rolling} place={place} onRolled={onRolled} onClose={() => setRolling(null)} />}
      {prompt}
    </>
  );
}

interface RowProps {
  readonly token: TokenView;
  /** Its open streams; undefined: not known. */
  readonly open: number | undefined;
  readonly onRoll: () => void;
  readonly onRevoke: () => void;
}

function TokenRow({ token, open, onRoll, onRevoke }: RowProps) {
  const { signIn, current, name, scopes, createdAt, lastUsedAt, expiresAt } = token;
  const standing = standingOf(token);
  return (
    <tr className={standing === 'active' ? undefined : 'token-gone'}>
      <th scope="row">
        <bdi>{name}</bdi> {current && <span className="tag">{texts.current}</span>}
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
      <td data-label={columns.reads} className={open ? 'numeric' : 'muted numeric'}>
        {open === undefined ? '–' : open === 0 ? texts.none : countText(open)}
      </td>
      <td data-label={columns.expires} className="muted numeric">
        {dayText(expiresAt)}
      </td>
      <td className="cell-end">
        {standing === 'active' ? (
          <div className="row-buttons">
            {!signIn && (
              <button
                type="button"
                className="button button-small"
                aria-label={`${texts.roll} ${name}`}
                onClick={onRoll}
              >
                {texts.roll}
              </button>
            )}
            <button
              type="button"
              className="button button-small button-quiet-danger"
              aria-label={`${texts.revoke} ${name}`}
              onClick={onRevoke}
            >
              {texts.revoke}
            </button>
          </div>
        ) : (
          <span className="tag">{texts[standing]}</span>
        )}
      </td>
    </tr>
  );
}
