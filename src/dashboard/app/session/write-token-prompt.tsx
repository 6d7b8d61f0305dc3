import { type FormEvent, useId, useState } from 'react';
import { createPortal } from 'react-dom';
import { asFault } from '../api/problem.js';
import { call } from '../api/client.js';
import { texts } from '../texts/en.js';
import { Dialog } from '../ui/dialog.js';
import { writeToken } from '../api/write-token.js';

interface Props {
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Asks for a token where this tab has none that may change things: a session by cookie only looks. */
export function WriteTokenPrompt({ onDone, onClose }: Props) {
  const [failure, setFailure] = useState<string>();
  const fieldId = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    // It stands beside the form that asks for it; for React it stands within.
    event.stopPropagation();
    const field = new FormData(event.currentTarget).get('token');
    const token = typeof field === 'string' ? field.trim() : '';
    call('GET', '/v1/me', { token }).then(
      () => {
        writeToken.set(token);
        onDone();
      },
      (error: unknown) => setFailure(asFault(error).message),
    );
  };
  return createPortal(
    <Dialog title={texts.writeToken.title} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <p className="dialog-text">{texts.writeToken.text}</p>
        <label className="field-label" htmlFor={fieldId}>
          {texts.writeToken.label}
        </label>
        <textarea
          id={fieldId}
          name="token"
          className="input input-code"
          rows={3}
          autoComplete="off"
          spellCheck={false}
        />
        <p className="field-error" role="alert">
          {failure}
        </p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {texts.confirm.cancel}
          </button>
          <button type="submit" className="button button-primary">
            {texts.writeToken.submit}
          </button>
        </div>
      </form>
    </Dialog>,
    document.body,
  );
}
