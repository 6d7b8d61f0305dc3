import { useCallback, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { useWrite } from '../../session/use-write.js';
import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { Confirm } from '../../ui/confirm.js';
import { countText, momentText } from '../../ui/format.js';
import { Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { SignInLinkDialog } from './sign-in-link-dialog.js';
import { TokensCard } from './tokens-card.js';

const texts = adminTexts.access;

interface SigningKey {
  readonly kid: string;
  readonly state: 'next' | 'signing' | 'verifying';
  readonly signsFrom: string;
  readonly tokens: number;
}

const listKeys = (signal: AbortSignal) =>
  cookieClient.get<{ keys: SigningKey[] }>('/v1/admin/signing-keys', {}, signal);

/** Who may run the platform, and what signs it. */
export default function AccessPage() {
  const [isInviting, setIsInviting] = useState(false);
  return (
    <div className="admin">
      <PageHeading title={texts.title}>
        <div className="page-heading-end">
          <button type="button" className="button" onClick={() => setIsInviting(true)}>
            {texts.invite}
          </button>
        </div>
      </PageHeading>
      <TokensCard
        owner={adminTexts.platform}
        title={texts.tokens}
        hint={texts.tokensHint}
        path="/v1/admin/tokens"
        scopes={['admin', 'events:write']}
      />
      <SigningKeys />
      {isInviting && <SignInLinkDialog tenant={null} onClose={() => setIsInviting(false)} />}
    </div>
  );
}

function SigningKeys() {
  const { value, fault, reload } = useLoaded(listKeys);
  const { write, prompt } = useWrite();
  const [isAsking, setIsAsking] = useState(false);
  const rotate = useCallback(async () => {
    await write(() => cookieClient.send('POST', '/v1/admin/signing-keys'));
    reload();
  }, [write, reload]);
  return (
    <section className="card admin-section flush" aria-labelledby="signing-keys">
      <header className="section-head">
        <div>
          <h2 id="signing-keys" className="section-title">
            {texts.keys}
          </h2>
          <p className="muted">{texts.keysHint}</p>
        </div>
        <button type="button" className="button button-small" onClick={() => setIsAsking(true)}>
          {texts.rotate}
        </button>
      </header>
      {fault && <Failed fault={fault} onRetry={reload} />}
      {!fault && value === undefined && <Loading />}
      {!fault && value && <KeyTable keys={value.keys} />}
      {isAsking && (
        <Confirm title={texts.rotateTitle} action={texts.rotate} onConfirm={rotate} onClose={() => setIsAsking(false)}>
          {texts.rotateText}
        </Confirm>
      )}
      {prompt}
    </section>
  );
}

function KeyTable({ keys }: { readonly keys: readonly SigningKey[] }) {
  const { keyColumns: columns } = texts;
  return (
    <table className="table stack-table">
      <caption className="visually-hidden">{texts.keys}</caption>
      <thead>
        <tr>
          <th scope="col">{columns.key}</th>
          <th scope="col">{columns.state}</th>
          <th scope="col">{columns.since}</th>
          <th scope="col">{columns.tokens}</th>
        </tr>
      </thead>
      <tbody>
        {keys.map(({ kid, state, signsFrom, tokens }) => (
          <tr key={kid}>
            <th scope="row" className="audit-id" title={kid}>
              {kid.slice(0, 8)}…
            </th>
            <td data-label={columns.state}>
              <span className={state === 'signing' ? 'tag tag-good' : 'tag'}>{texts.keyStates[state] ?? state}</span>
            </td>
            <td data-label={columns.since} className="muted numeric">
              {momentText(signsFrom)}
            </td>
            <td data-label={columns.tokens} className="numeric">
              {countText(tokens)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
