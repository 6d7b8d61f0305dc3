import { type FormEvent, useId } from 'react';
import { deskTexts as texts } from '../../texts/desk.js';
import { texts as common } from '../../texts/en.js';
import { Dialog } from '../../ui/dialog.js';

interface Props {
  readonly onTransfer: (to: string, mode: string) => void;
  readonly onClose: () => void;
}

export function TransferDialog({ onTransfer, onClose }: Props) {
  const fieldId = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [to, mode] = [form.get('to'), form.get('mode')];
    if (typeof to !== 'string' || typeof mode !== 'string' || to.trim() === '') return;
    onTransfer(to.trim(), mode);
    onClose();
  };
  return (
    <Dialog title={texts.transferTitle} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <label className="field-label" htmlFor={fieldId}>
          {texts.transferTo}
        </label>
        <input
          id={fieldId}
          name="to"
          className="input"
          required
          maxLength={200}
          autoComplete="off"
          placeholder={texts.transferToHint}
        />
        <fieldset className="desk-modes">
          <legend className="field-label">{texts.transferMode}</legend>
          {Object.entries(texts.modes).map(([mode, text]) => (
            <label key={mode} className="desk-mode">
              <input type="radio" name="mode" value={mode} defaultChecked={mode === 'cold'} />
              {text}
            </label>
          ))}
        </fieldset>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {common.confirm.cancel}
          </button>
          <button type="submit" className="button button-primary">
            {texts.transferAction}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
