import { type ReactNode, useEffect, useRef } from 'react';
import { webhookTexts } from '../texts/webhooks.js';
import { CopyButton } from '../ui/copy-button.js';
import { Receivers } from './receivers.js';

const texts = webhookTexts.secret;

interface Props {
  readonly secret: string;
  /** The one before signs beside it. */
  readonly isRotated: boolean;
  readonly onDone: () => void;
  readonly children?: ReactNode;
}

/** The one time that a secret is seen, with code that verifies by it. */
export function NewSecret({ secret, isRotated, onDone, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const title = isRotated ? texts.rotated : texts.created;
  return (
    <section className="card created" aria-label={title}>
      <h2 ref={heading} tabIndex={-1} className="section-title">
        {title}
      </h2>
      <p className="muted">{isRotated ? texts.rotatedHint : texts.hint}</p>
      <div className="secret">
        <code className="secret-text">{secret}</code>
        <CopyButton text={secret} label={texts.copy} />
      </div>
      {!isRotated && <Receivers />}
      <div className="form-actions">
        <button type="button" className="button" onClick={onDone}>
          {texts.done}
        </button>
        {children}
      </div>
    </section>
  );
}
