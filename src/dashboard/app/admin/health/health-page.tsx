import { PageHeading } from '../../shell/page-heading.js';
import { Fault } from '../../api/problem.js';
import { adminTexts } from '../../texts/admin.js';
import { countText, momentText } from '../../ui/format.js';
import { basePath } from '../../common/place.js';
import { Failed, Loading } from '../../ui/states.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { useEvery } from '../../ui/use-every.js';
import '../../styles/health.css';

const texts = adminTexts.health;
const REFRESH_MS = 4000;

interface Source {
  readonly state: string;
  readonly since: string;
  readonly restarts: number;
  readonly error: string | null;
}

interface Part {
  readonly state: string;
  readonly behind?: number;
}

interface Health {
  readonly status: 'ready' | 'degraded' | 'leaving';
  readonly database: Part;
  readonly tail?: Part;
  readonly bus: Part;
  readonly calls?: Part;
  readonly sources: Readonly<Record<string, Source>>;
}

/** An answer of 503 has the state, too. */
async function look(signal: AbortSignal): Promise<{ health: Health; at: string }> {
  const response = await fetch(`${basePath}/readyz`, { signal, cache: 'no-store' });
  const health = (await response.json().catch(() => null)) as Health | null;
  if (health?.status === undefined) throw new Fault('unavailable', `The server answered ${response.status}.`);
  return { health, at: new Date().toISOString() };
}

export default function HealthPage() {
  const { value, fault, reload } = useLoaded(look);
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
            <time dateTime={value.at}>{texts.asOf(momentText(value.at))}</time>
          </div>
        )}
      </PageHeading>
      {fault && <Failed fault={fault} onRetry={reload} />}
      {!fault && value === undefined && <Loading />}
      {!fault && value && <Parts health={value.health} />}
    </div>
  );
}

function Parts({ health: { database, tail, bus, calls, sources } }: { readonly health: Health }) {
  const parts = Object.entries({ database, ...(tail && { tail }), bus, ...(calls && { calls }) });
  const named = Object.entries(sources);
  return (
    <>
      <ul className="health-parts">
        {parts.map(([name, { state, behind }]) => (
          <li key={name} className="card health-part">
            <div className="health-head">
              <h2 className="section-title">{texts.parts[name] ?? name}</h2>
              <StateTag state={state} />
            </div>
            <p className="muted">
              {texts.hints[name]}
              {behind !== undefined && `; ${behind === 0 ? texts.upToDate : texts.behind(countText(behind))}`}
            </p>
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
                <StateTag state={state} />
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

const GOOD = new Set(['up', 'live']);
const BAD = new Set(['away', 'stopped']);

function StateTag({ state }: { readonly state: string }) {
  const tint = GOOD.has(state) ? 'tag-good' : BAD.has(state) ? 'tag-bad' : 'tag-warn';
  return <span className={`tag ${tint}`}>{texts.states[state] ?? state}</span>;
}
