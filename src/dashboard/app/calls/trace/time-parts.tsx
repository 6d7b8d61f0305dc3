import type { CallView } from '../../../../calls/fold/call-view.js';
import type { TimeParts } from '../../../../calls/fold/quality.js';
import { traceTexts } from '../../texts/trace.js';
import { clockText } from '../../ui/format.js';

const texts = traceTexts.parts;
const NAMES = ['ringing', 'caller', 'agent', 'tools', 'silence'] as const;
const TENTH_MS = 100;
const MINUTE_MS = 60_000;

/** Where the call's time went: one bar, and the same as a list. What was not measured has no piece of the bar. */
export function TimePartsBar({ view }: { readonly view: CallView }) {
  const { parts } = view.quality;
  return (
    <section className="card time-parts" aria-label={texts.title}>
      <h2 className="trace-title">{texts.title}</h2>
      {parts === undefined ? (
        <p className="muted">{view.state === 'ended' ? texts.never : texts.later}</p>
      ) : (
        <Bar parts={parts} />
      )}
    </section>
  );
}

function Bar({ parts }: { readonly parts: TimeParts }) {
  const total = NAMES.reduce((sum, name) => sum + (parts[name] ?? 0), 0);
  const shown = shownTenths(parts, total);
  return (
    <>
      <div className="time-bar" aria-hidden="true">
        {NAMES.map((name) => {
          const share = (100 * (parts[name] ?? 0)) / Math.max(1, total);
          return share > 0 && <span key={name} className={`time-part part-${name}`} style={{ width: `${share}%` }} />;
        })}
      </div>
      <dl className="time-legend">
        {NAMES.map((name) => {
          // A ringing that no event told of is 0, and was not measured.
          const ms = name === 'ringing' && parts[name] === 0 ? null : parts[name];
          return (
            <div key={name} className="time-entry">
              <dt className={`time-name part-${name}`}>{texts[name]}</dt>
              {ms === null ? (
                <dd className="muted">{traceTexts.absent}</dd>
              ) : (
                <dd className="numeric" data-ms={ms}>
                  {tenthsText(shown.get(name) ?? 0)}
                </dd>
              )}
            </div>
          );
        })}
      </dl>
      <p className="muted numeric time-total" data-ms={total}>
        {texts.total(`${tenthsText(Math.round(total / TENTH_MS))} (${clockText(total / 1000)})`)}
      </p>
    </>
  );
}

/** Tenths of seconds, rounded so that they add up to the whole: the largest rests are rounded up. */
export function shownTenths(parts: TimeParts, total: number): Map<string, number> {
  const exact = NAMES.map((name) => ({ name, tenths: (parts[name] ?? 0) / TENTH_MS }));
  const shown = new Map<string, number>(exact.map(({ name, tenths }) => [name, Math.floor(tenths)]));
  let left = Math.round(total / TENTH_MS) - [...shown.values()].reduce((sum, one) => sum + one, 0);
  const rest = (tenths: number) => tenths - Math.floor(tenths);
  for (const { name } of exact.sort((one, other) => rest(other.tenths) - rest(one.tenths))) {
    if (left <= 0) break;
    shown.set(name, (shown.get(name) ?? 0) + 1);
    left -= 1;
  }
  return shown;
}

/** `52.4 s`, `2 min 5.0 s`. */
function tenthsText(tenths: number): string {
  const ms = tenths * TENTH_MS;
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / MINUTE_MS)} min ${((ms % MINUTE_MS) / 1000).toFixed(1)} s`;
}
