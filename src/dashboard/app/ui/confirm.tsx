import { type ReactNode, useState } from 'react';
import { asFault } from '../api/problem.js';
import { texts } from '../texts/en.js';
import { Dialog } from './dialog.js';

interface Props {
  readonly title: string;
  readonly action: string;
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Asks before something that cannot be undone; stays open, and says why, when it did not work. */
export function Confirm({ title, action, onConfirm, onClose, children }: Props) {
  const [state, setState] = useState<{ busy: boolean; failure?: string }>({ busy: false });
  const confirm = () => {
    setState({ busy: true });
    onConfirm().then(onClose, (error: unknown) => setState({ busy: false, failure: asFault(error).message }));
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="dialog-text">{children}</div>
      {state.failure !== undefined && (
        <p className="field-error" role="alert">
          {state.failure}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {texts.confirm.cancel}
        </button>
        <button type="button" className="button button-danger" disabled={state.busy} onClick={confirm}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
