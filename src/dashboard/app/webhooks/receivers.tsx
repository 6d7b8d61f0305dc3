import { useState } from 'react';
import { webhookTexts } from '../texts/webhooks.js';
import { CopyButton } from '../ui/copy-button.js';
import { RECEIVERS } from './receiver-code.js';

const texts = webhookTexts.receivers;
type Language = keyof typeof RECEIVERS;
const LANGUAGES = Object.keys(RECEIVERS) as Language[];

/** What takes events, in a few lines that verify the signature, to copy. */
export function Receivers() {
  const [chosen, setChosen] = useState<Language>('node');
  const { code, command } = RECEIVERS[chosen];
  return (
    <div className="receivers">
      <fieldset className="choice created-choice">
        <legend className="visually-hidden">{texts.choose}</legend>
        {LANGUAGES.map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name="receiver"
              className="visually-hidden"
              checked={one === chosen}
              onChange={() => setChosen(one)}
            />
            <span>{texts.names[one]}</span>
          </label>
        ))}
      </fieldset>
      <div className="snippet">
        <pre className="snippet-code" tabIndex={0} aria-label={texts.title}>
          {code}
        </pre>
        <CopyButton text={code} label={texts.copy} />
      </div>
      <p className="field-hint">{texts.run(command)}</p>
    </div>
  );
}
