import type { TranscriptEntry } from '../../../calls/fold/transcript.js';
import { traceTexts as texts } from '../texts/trace.js';
import { SLOW_MS } from './trace/trace.js';
import { msText } from './trace/trace-words.js';

/** Beside a line: how long it let the caller wait, or how sure the recogniser was; nothing where nobody measured it. */
export function LineMeasures({ entry }: { readonly entry: TranscriptEntry }) {
  const { role, latencyMs, confidence } = entry;
  const isSlow = latencyMs !== undefined && latencyMs >= SLOW_MS;
  return (
    <>
      {latencyMs !== undefined && (
        <span className={isSlow ? 'line-wait line-slow' : 'line-wait'}>
          {texts.answered(msText(latencyMs))}
          {isSlow && `, ${texts.slow}`}
        </span>
      )}
      {role === 'user' && confidence !== undefined && (
        <span className="line-wait">{texts.sure(Math.round(100 * confidence))}</span>
      )}
    </>
  );
}
