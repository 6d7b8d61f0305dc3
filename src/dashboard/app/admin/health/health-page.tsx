import { PageHeading } from '../../shell/page-heading.js';
import { adminTexts } from '../../texts/admin.js';
import { countText, momentText, secondText } from '../../ui/format.js';
import { Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { useEvery } from '../../ui/use-every.js';
import { type Health, type Part, readHealth } from './health.js';
import '../../styles/health.css';

const texts = adminTexts.health;
const REFRESH_MS = 4000;

export default function HealthPage() {
  const { value, fault, reload } = useLoaded(readHealth);
  useEvery(REFRESH_MS, reload);
  return (
    <div className="admin">
      <PageHeading title={texts.title}>
        {value && !fault && (
          <p className={value.health.status === 'ready' ? 'tag tag-good' : 'tag tag-bad'} role="status">
            {texts[value.health.status]}
          </p>
        )}
        {value && (
          <div className="page-heading-end muted numeric">
            <time dateTime={value.at}>{texts.asOf(secondText(value.at))}</time>
          </div>
        )}
      </PageHeading>
      {fault && <Failed fault={fault} onRetry={reload} />}
      {!fault && value === undefined && <Loading />}
      {!fault && value && <Parts health={value.health} />}
    </div>
  );
}

function Parts({ health: { database, tail, bus, streams, calls, sources } }: { readonly health: Health }) {
  const parts = Object.entries({
    database,
    ...(tail && { tail }),
    bus,
    ...(streams && { streams }),
    ...(calls && { calls }),
  });
  const named = Object.entries(sources);
  return (
    <>
      <ul className="health-parts">
        {parts.map(([name, part]) => (
          <li key={name} className="card health-part">
            <div className="health-head">
              <h2 className="section-title">{texts.parts[name] ?? name}</h2>
              <StateTag state={part.state} />
            </div>
            <p className="muted">{[texts.hints[name], standingOf(part)].filter(Boolean).join('; ')}</p>
            {part.reason !== undefined && <p className="field-error">{part.reason}</p>}
          </li>
        ))}
      </ul>
      <section className="card admin-section" aria-labelledby="sources">
        <header className="section-head">
          <h2 id="sources" className="section-title">
            {texts.sources}
          </h2>
        </header>
        {named.length === 0 && <p className="muted">{texts.noSources}</p>}
        <ul className="health-sources">
          {named.map(([name, { state, since, restarts, error }]) => (
            <li key={name} className="health-source">
              <div className="health-head">
                <code className="source-name">{name}</code>
                <StateTag state={state} isTroubled={error !== null} />
              </div>
              <p className="muted">
                {texts.since(momentText(since))}
                {restarts > 0 && `, ${texts.restarts(restarts)}`}
              </p>
              {error !== null && <p className="field-error">{error}</p>}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** How far it has got, where that is known. */
function standingOf({ behind, behindSeconds, percent, open }: Part): string | undefined {
  if (percent !== undefined) return texts.rebuilt(percent);
  if (open !== undefined) return texts.open(countText(open));
  if (behindSeconds !== undefined && behindSeconds > 0) return texts.late(behindSeconds);
  return behind === undefined ? undefined : behind === 0 ? texts.upToDate : texts.behind(countText(behind));
}

const GOOD = new Set(['up', 'live']);
const BAD = new Set(['away', 'stopped']);

interface StateProps {
  readonly state: string;
  /** It does its work, and something is not as it should be. */
  readonly isTroubled?: boolean;
}

function StateTag({ state, isTroubled = false }: StateProps) {
  const tint = GOOD.has(state) && !isTroubled ? 'tag-good' : BAD.has(state) ? 'tag-bad' : 'tag-warn';
  return <span className={`tag ${tint}`}>{texts.states[state] ?? state}</span>;
}
