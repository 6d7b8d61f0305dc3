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

const IN_A_PAGE: readonly SnippetName[] = ['browser', 'react'];

/** The one time that a token's text is seen, with code that uses it. */
export function CreatedToken({ created: { name, token, scopes }, onDone }: Props) {
  const [streamUrl, setStreamUrl] = useState<string | null>(null);
  const [picked, setPicked] = useState<SnippetName>();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const mayRead = scopes.includes('events:read');
  useEffect(() => {
    if (!mayRead) return;
    call<{ token: string }>('POST', '/v1/stream-tokens', { token, body: {} }).then(
      (stream) => setStreamUrl(`${baseUrl}/v1/events?token=${stream.token}`),
      () => undefined, // Without one the code says where the stream token goes.
    );
  }, [token, mayRead]);
  const snippets = snippetsOf({ baseUrl, token, scopes, streamUrl });
  const names = [...snippets.keys()];
  const chosen = picked ?? names[0] ?? 'check';
  const { command, code } = snippets.get(chosen) ?? { code: '' };
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
        {names.map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name="snippet"
              className="visually-hidden"
              checked={one === chosen}
              onChange={() => setPicked(one)}
            />
            <span>{texts.snippetNames[one]}</span>
          </label>
        ))}
      </fieldset>
      <p className="muted">
        {texts.snippetHints[chosen]} {IN_A_PAGE.includes(chosen) && texts.otherOrigin(location.origin)}
      </p>
      <div className="snippet">
        <pre className="snippet-code" tabIndex={0}>
          {code}
        </pre>
        <CopyButton text={code} label={texts.copySnippet} />
      </div>
      {command !== undefined && (
        <>
          <p className="muted">{texts.run}</p>
          <div className="secret">
            <code className="secret-text">{command}</code>
            <CopyButton text={command} label={texts.copyCommand} />
          </div>
        </>
      )}
      <div className="form-actions">
        <button type="button" className="button" onClick={onDone}>
          {texts.done}
        </button>
      </div>
    </section>
  );
}
