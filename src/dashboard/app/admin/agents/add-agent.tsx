import { type FormEvent, useId, useState } from 'react';
import { adminTexts } from '../../texts/admin.js';
import { Dialog } from '../../ui/dialog.js';
import { textIn } from '../../ui/form-values.js';

const texts = adminTexts.agents;

interface Props {
  readonly onNamed: (agent: string) => void;
  readonly onClose: () => void;
}

/** For an agent that has not been heard of: it is assigned before its first call. */
export function AddAgent({ onNamed, onClose }: Props) {
  const [failure, setFailure] = useState<string>();
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const agent = textIn(new FormData(event.currentTarget), 'agent');
    if (agent === '') setFailure(texts.addMissing);
    else onNamed(agent);
  };
  return (
    <Dialog title={texts.add} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <div className="field">
          <label className="field-label" htmlFor={id}>
            {texts.addName}
          </label>
          <input
            id={id}
            name="agent"
            className="input"
            maxLength={128}
            autoCapitalize="none"
            spellCheck={false}
            aria-describedby={`${id}-hint`}
          />
          <p id={`${id}-hint`} className="field-hint">
            {texts.addHint}
          </p>
        </div>
        <p className="field-error" role="alert">
          {failure}
        </p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {adminTexts.cancel}
          </button>
          <button type="submit" className="button button-primary">
            {texts.choose}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
