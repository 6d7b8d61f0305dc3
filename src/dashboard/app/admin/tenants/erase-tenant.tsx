import { useId, useState } from 'react';
import { useLocation } from 'wouter';
import { cookieClient } from '../../api/client.js';
import { asFault } from '../../api/problem.js';
import { useWrite } from '../../session/use-write.js';
import { adminTexts } from '../../texts/admin.js';
import { Dialog } from '../../ui/dialog.js';
import { path } from '../../api/path.js';
import type { Tenant } from '../platform.js';

const texts = adminTexts.tenants;

interface Props {
  readonly tenant: Tenant;
  readonly onErased: () => void;
}

export function EraseTenant({ tenant, onErased }: Props) {
  const [isAsking, setIsAsking] = useState(false);
  return (
    <section className="card admin-section danger-section" aria-labelledby="erase-tenant">
      <header className="section-head">
        <div>
          <h2 id="erase-tenant" className="section-title">
            {texts.danger}
          </h2>
          <p className="muted">{texts.dangerText}</p>
        </div>
        <button type="button" className="button button-quiet-danger" onClick={() => setIsAsking(true)}>
          {texts.erase}
        </button>
      </header>
      {isAsking && <EraseDialog tenant={tenant} onErased={onErased} onClose={() => setIsAsking(false)} />}
    </section>
  );
}

/** Asks for the name to be typed: it cannot be undone. */
function EraseDialog({ tenant: { tenant, name }, onErased, onClose }: Props & { readonly onClose: () => void }) {
  const { write, prompt } = useWrite();
  const [typed, setTyped] = useState('');
  const [state, setState] = useState<{ busy: boolean; failure?: string }>({ busy: false });
  const [, navigate] = useLocation();
  const id = useId();
  const erase = () => {
    setState({ busy: true });
    write(() => cookieClient.send('DELETE', path`/v1/admin/tenants/${tenant}`)).then(
      () => {
        onErased();
        navigate('/tenants');
      },
      (error: unknown) => setState({ busy: false, failure: asFault(error).message }),
    );
  };
  return (
    <Dialog title={texts.eraseTitle(name)} onClose={onClose}>
      <p className="dialog-text">{texts.dangerText}</p>
      <div className="field dialog-field">
        <label className="field-label" htmlFor={id}>
          {texts.eraseType(tenant)}
        </label>
        <input
          id={id}
          className="input"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <p className="field-error" role="alert">
        {state.failure}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {adminTexts.cancel}
        </button>
        <button
          type="button"
          className="button button-danger"
          disabled={state.busy || typed !== tenant}
          onClick={erase}
        >
          {texts.erase}
        </button>
      </div>
      {prompt}
    </Dialog>
  );
}
