import { baseUrl } from '../common/place.js';
import { eventTexts as texts } from '../texts/events.js';
import { CopyButton } from '../ui/copy-button.js';
import { useWorkspace } from '../workspace/workspace.js';
import type { EventFilter } from './event-filter.js';
import { streamLines } from './stream-lines.js';

/** The lines that read this stream, ready to paste. */
export function StreamCode({ filter }: { readonly filter: EventFilter }) {
  const workspace = useWorkspace();
  const { showsTenant } = workspace;
  const lines = streamLines(baseUrl, workspace, filter);
  return (
    <details className="card event-code">
      <summary className="event-code-title">{texts.code}</summary>
      <div className="event-code-body">
        {(['browser', 'curl'] as const).map((name) => (
          <div key={name} className="event-line">
            <span className="field-label">{texts.codeNames[name]}</span>
            <code className="event-line-code">{lines[name]}</code>
            <CopyButton text={lines[name]} />
          </div>
        ))}
        {showsTenant && filter.calls.length > 0 && <p className="field-hint">{texts.callNotNarrowed}</p>}
        <p className="field-hint">{showsTenant ? texts.codeHintPlatform : texts.codeHint}</p>
      </div>
    </details>
  );
}
