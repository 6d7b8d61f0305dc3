import { useState } from 'react';
import { asFault } from '../api/problem.js';
import { useWrite } from '../session/use-write.js';
import { tokenTexts as texts } from '../texts/tokens.js';
import { DialogChoice } from '../ui/dialog-choice.js';
import { Dialog } from '../ui/dialog.js';
import type { NewToken, TokenPlace, TokenView } from './token-list.js';

interface Props {
  readonly token: TokenView;
  readonly place: TokenPlace;
  readonly onRolled: (token: NewToken) => void;
  readonly onClose: () => void;
}

type Overlap = keyof typeof texts.overlaps;
const OVERLAPS = Object.keys(texts.overlaps) as Overlap[];

/** Asks how long the old token goes on working, and makes the one that takes its place. */
export function RollDialog({ token: { id, name, current }, place: { client, onePath }, onRolled, onClose }: Props) {
  const { write, prompt } = useWrite();
  const [overlap, setOverlap] = useState<Overlap>('24h');
  const [failure, setFailure] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  // This page would end before it has shown the new one.
  const choices = OVERLAPS.filter((one) => !(current && one === '0s'));
  const roll = () => {
    setIsBusy(true);
    write(() => client.send<NewToken>('POST', `${onePath}/${encodeURIComponent(id)}/roll`, { overlap })).then(
      (rolled) => {
        onClose();
        onRolled(rolled);
      },
      (error: unknown) => {
        setIsBusy(false);
        setFailure(asFault(error).message);
      },
    );
  };
  return (
    <Dialog title={texts.rollTitle(name)} onClose={onClose}>
      <p className="dialog-text">{texts.rollText}</p>
      <DialogChoice
        legend={texts.overlap}
        name="overlap"
        texts={texts.overlaps}
        values={choices}
        value={overlap}
        onChange={setOverlap}
      />
      <p className="field-error" role="alert">
        {failure}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          {texts.cancel}
        </button>
        <button type="button" className="button button-primary" disabled={isBusy} onClick={roll}>
          {texts.roll}
        </button>
      </div>
      {prompt}
    </Dialog>
  );
}
