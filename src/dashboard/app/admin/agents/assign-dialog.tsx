import { useId, useState } from 'react';
import { cookieClient } from '../../api/client.js';
import { type Fault, asFault } from '../../api/problem.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import { Dialog } from '../../ui/dialog.js';
import { usePlatform } from '../platform-context.js';
import { path } from '../../api/path.js';
import type { Agent } from '../platform.js';

const texts = adminTexts.agents;

/** The server's description of what a transfer would change. */
interface Transfer {
  readonly from: string | null;
  readonly to: string;
  readonly changes: boolean;
  readonly openStreams: readonly unknown[];
  readonly callsInProgress: readonly string[];
  readonly narrowedTokens: readonly unknown[];
}

interface Props {
  readonly agent: Agent;
  readonly onClose: () => void;
  readonly onDone: (text: string) => void;
}

/** First the new owner, then what would change, and only then the button that changes it. */
export function AssignDialog({ agent: { agent, tenant: from }, onClose, onDone }: Props) {
  const { tenants, nameOf } = usePlatform();
  const { write, prompt } = useWrite();
  const [to, setTo] = useState('');
  const [preview, setPreview] = useState<Transfer | null>(null);
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const id = useId();
  const put = <Answer,>(query: string) =>
    write(() =>
      cookieClient.send<Answer>('PUT', `${path`/v1/admin/agents/${agent}/owner`}${query}`, { tenant: to, from }),
    );
  const act = <Answer,>(asked: Promise<Answer>, then: (answer: Answer) => void) => {
    setIsBusy(true);
    setFailure(undefined);
    asked
      .then(then, (error: unknown) => {
        setPreview(null);
        setFailure(textOf(asFault(error)));
      })
      .finally(() => setIsBusy(false));
  };
  const choose = (tenant: string) => {
    setTo(tenant);
    setPreview(null);
  };
  return (
    <Dialog title={texts.assignTitle(agent)} onClose={onClose}>
      <div className="field">
        <label className="field-label" htmlFor={id}>
          {texts.to}
        </label>
        <select id={id} className="input" value={to} onChange={(event) => choose(event.target.value)}>
          <option value="">{texts.choose}</option>
          {tenants.value
            ?.filter(({ tenant }) => tenant !== from)
            .map(({ tenant, name }) => (
              <option key={tenant} value={tenant}>
                {name}
              </option>
            ))}
        </select>
      </div>
      <div role="status">{preview && <Preview transfer={preview} />}</div>
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {adminTexts.cancel}
        </button>
        {preview === null ? (
          <button
            type="button"
            className="button button-primary"
            disabled={to === '' || isBusy}
            onClick={() => act(put<Transfer>('?dryRun=true'), setPreview)}
          >
            {texts.next}
          </button>
        ) : (
          <button
            type="button"
            className="button button-primary"
            disabled={isBusy || !preview.changes}
            onClick={() => act(put<unknown>(''), () => onDone(texts.done(agent, nameOf(to))))}
          >
            {texts.doAssign(nameOf(to))}
          </button>
        )}
      </div>
      {prompt}
    </Dialog>
  );
}

function Preview({ transfer }: { readonly transfer: Transfer }) {
  const { nameOf } = usePlatform();
  const { from, changes, openStreams, callsInProgress, narrowedTokens } = transfer;
  const owner = from === null ? adminTexts.nobody : nameOf(from);
  return (
    <div className="preview">
      <h3 className="preview-title">{texts.preview}</h3>
      {changes ? (
        <ul className="preview-list">
          <li>{texts.from(owner)}</li>
          <li>{texts.streams(openStreams.length)}</li>
          <li>{texts.calls(callsInProgress.length, owner)}</li>
          {from !== null && <li>{texts.tokens(narrowedTokens.length)}</li>}
          {from !== null && <li>{texts.past(owner)}</li>}
        </ul>
      ) : (
        <p>{texts.nothing}</p>
      )}
    </div>
  );
}

function textOf({ slug, body, message }: Fault): string {
  if (slug !== 'owner-changed') return message;
  const { owner } = body;
  return texts.changedMeanwhile(typeof owner === 'string' ? owner : adminTexts.nobody);
}
