import { useEffect } from 'react';
import { texts } from '../texts/en.js';
import { lookAgain } from './session.js';

/** How often the page asks whether the server is back. */
const RETRY_MS = 4000;

export function UnreachablePage() {
  useEffect(() => {
    const timer = setInterval(() => void lookAgain('none'), RETRY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <main className="state state-fills" role="alert">
      <h1 className="state-title">{texts.session.unreachable}</h1>
      <p className="state-text">{texts.session.unreachableHint}</p>
      <button type="button" className="button" onClick={() => void lookAgain('none')}>
        {texts.session.retry}
      </button>
    </main>
  );
}
