import { useEffect, useRef, useState } from 'react';
import { call } from '../api/client.js';
import { tokenTexts as texts } from '../texts/tokens.js';
import { CopyButton } from '../ui/copy-button.js';
import { baseUrl } from '../common/place.js';
import { type SnippetName, snippetsOf } from './snippets.js';
import type { NewToken } from './token-list.js';

interface Props {
  readonly created: NewToken;
  readonly onDone: () => void;
}

const NAMES = Object.keys(texts.snippetNames) as SnippetName[];

/** The one time that a token's text is seen, with code that uses it. */
export function CreatedToken({ created: { name, token }, onDone }: Props) {
  const [streamUrl, setStreamUrl] = useState<string | null>(null);
  const [chosen, setChosen] = useState<SnippetName>('curl');
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    call<{ token: string }>('POST', '/v1/stream-tokens', { token, body: {} }).then(
      (stream) => setStreamUrl(`${baseUrl}/v1/events?token=${stream.token}`),
      () => undefined, // A token that may not read has no stream; the snippets say where one goes.
    );
  }, [token]);
  const code = snippetsOf({ baseUrl, token, streamUrl })[chosen];
  return (
    <section className="card created" aria-label={texts.createdTitle(name)}>
      <h2 ref={heading} tabIndex={-1} className="chart-title">
        {texts.createdTitle(name)}
      </h2>
      <p className="muted">{texts.createdHint}</p>
      <div className="secret">
        <code className="secret-text">{token}</code>
        <CopyButton text={token} label={texts.copyToken} />
      </div>
      <fieldset className="choice created-choice">
        <legend className="visually-hidden">{texts.snippets}</legend>
        {NAMES.map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name="snippet"
              className="visually-hidden"
              checked={one === chosen}
              onChange={() => setChosen(one)}
            />
            <span>{texts.snippetNames[one]}</span>
          </label>
        ))}
      </fieldset>
      <p className="muted">{texts.snippetHints[chosen]}</p>
      <div className="snippet">
        <pre className="snippet-code" tabIndex={0}>
          {code}
        </pre>
        <CopyButton text={code} label={texts.copySnippet} />
      </div>
      <div className="form-actions">
        <button type="button" className="button" onClick={onDone}>
          {texts.done}
        </button>
      </div>
    </section>
  );
}
