import { useCallback } from 'react';
import { Link } from 'wouter';
import { cookieClient } from '../../api/client.js';
import { useStore } from '../../common/store.js';
import { PageHeading } from '../../shell/page-heading.js';
import { useLoaded } from '../../stream/use-loaded.js';
import { operatorTexts } from '../../texts/operator.js';
import { countText, secondText } from '../../ui/format.js';
import { Failed, Loading } from '../../ui/states.js';
import { useEvery } from '../../ui/use-every.js';
import { useWorkspace } from '../../workspace/workspace.js';
import { readHealth } from '../health/health.js';
import { usePlatform } from '../platform-context.js';
import { type Agent, listAll } from '../platform.js';
import { type Attention, type Concern, concernsIn } from './concerns.js';
import '../../styles/home.css';

const texts = operatorTexts.home;
const REFRESH_MS = 10_000;

const look = async (signal: AbortSignal) => {
  const state = await readHealth(signal);
  // While the database is away nothing else is known, and that is the news.
  const attention = await cookieClient
    .get<Attention>('/v1/admin/attention', {}, signal)
    .catch((error: unknown) => (state.health.status === 'ready' ? Promise.reject(error as Error) : NOTHING));
  return { ...state, attention };
};
const NOTHING: Attention = { tenants: [], webhooks: [], linkRequests: [] };
const listUnassigned = (signal: AbortSignal) =>
  listAll<Agent>('/v1/admin/agents', 'agents', signal, { unassigned: 'true' });

/** What goes on, and what is wrong, at one glance. */
export default function HomePage() {
  const { value, fault, reload } = useLoaded(look);
  const { nameOf } = usePlatform();
  useEvery(REFRESH_MS, reload);
  const concerns = value && concernsIn(value.health, value.attention, nameOf);
  return (
    <div className="admin">
      <PageHeading title={texts.title}>
        {value && (
          <div className="page-heading-end muted numeric">
            <time dateTime={value.at}>{texts.asOf(secondText(value.at))}</time>
          </div>
        )}
      </PageHeading>
      <Now />
      <section className="card admin-section" aria-labelledby="attention">
        <h2 id="attention" className="section-title">
          {texts.attention}
        </h2>
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && concerns === undefined && <Loading label={texts.checking} />}
        {!fault && concerns?.length === 0 && (
          <div role="status">
            <p className="saved">{texts.fine}</p>
            <p className="muted">{texts.fineHint}</p>
          </div>
        )}
        {!fault && concerns !== undefined && concerns.length > 0 && <Concerns concerns={concerns} />}
      </section>
    </div>
  );
}

function Concerns({ concerns }: { readonly concerns: readonly Concern[] }) {
  return (
    <ul className="concerns">
      {concerns.map(({ key, severity, title, detail, to }) => (
        <li key={key} className="concern">
          <span className={`tag tag-${severity}`}>{texts.severities[severity]}</span>
          <div className="concern-text">
            <Link href={to}>{title}</Link>
            <p className="muted">{detail}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Now() {
  const { feed } = useWorkspace();
  const { tenants } = usePlatform();
  const unassigned = useLoaded(listUnassigned).value?.length;
  const ids = useStore(feed.calls.ids);
  const isLoaded = useStore(feed.isLoaded);
  const count = useCallback(
    (isSo: (key: string) => boolean) => (isLoaded ? ids.filter(isSo).length : undefined),
    [ids, isLoaded],
  );
  const { calls } = feed;
  return (
    <section aria-label={texts.now}>
      <ul className="now">
        <Figure name={texts.calls} value={count((key) => calls.get(key)?.endedAtMs === null)} to="/live" />
        <Figure
          name={texts.wanted}
          value={count((key) => calls.get(key)?.summary.handoff?.state === 'requested')}
          to="/live"
        />
        <Figure name={texts.customers} value={tenants.value?.length} to="/tenants" />
        <Figure name={texts.unassigned} value={unassigned} to="/agents" />
      </ul>
    </section>
  );
}

interface FigureProps {
  readonly name: string;
  /** Undefined: not known yet. */
  readonly value: number | undefined;
  readonly to: string;
}

function Figure({ name, value, to }: FigureProps) {
  return (
    <li>
      <Link href={to} className="card now-figure">
        <span className="now-value numeric">{value === undefined ? '…' : countText(value)}</span>
        <span className="muted">{name}</span>
      </Link>
    </li>
  );
}
