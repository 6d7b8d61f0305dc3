import { useCallback } from 'react';
import { useSearchParams } from 'wouter';
import { reasonText, transportText } from '../calls/call-facts.js';
import { useSeconds } from '../common/clock.js';
import { PageHeading } from '../shell/page-heading.js';
import { useLoaded } from '../stream/use-loaded.js';
import { overviewTexts as texts } from '../texts/overview.js';
import { clockText, countText, roundText } from '../ui/format.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { useWorkspace } from '../workspace/workspace.js';
import { AgentTable } from './agent-table.js';
import { HourMap } from './hour-map.js';
import { PERIODS, dayOf, spanOf } from './period.js';
import { QualitySection } from './quality-section.js';
import { Shares } from './shares.js';
import { type Compared, busiestHour, loadStats } from './stats.js';
import { TimeChart } from './time-chart.js';
import '../styles/calls.css';
import '../styles/filters.css';
import '../styles/overview.css';

/** How often the numbers are refreshed while they are looked at. */
const REFRESH_SECONDS = 60;

type Change = (next: Readonly<Record<string, string>>) => void;

/** Figures as charts. The period and the agent are in the address. */
export default function OverviewPage() {
  const { client } = useWorkspace();
  const [params, setParams] = useSearchParams();
  const [period, from, to, agent] = ['period', 'from', 'to', 'agent'].map((name) => params.get(name) ?? '');
  const round = Math.floor(useSeconds() / REFRESH_SECONDS);
  const load = useCallback(
    (signal: AbortSignal) => {
      const known = PERIODS.find((one) => one === period) ?? 'week';
      const now = new Date((round + 1) * REFRESH_SECONDS * 1000);
      return loadStats(client, spanOf(known, from ?? '', to ?? '', now), agent ?? '', signal);
    },
    [client, period, from, to, agent, round],
  );
  const { value, fault, isLoading, reload } = useLoaded(load);
  const change: Change = (next) => {
    const fields = { ...Object.fromEntries(params), ...next };
    setParams(Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== '')), { replace: true });
  };
  return (
    <>
      <PageHeading title={texts.title}>
        <div className="page-heading-end">
          <PeriodChoice period={period ?? ''} from={from ?? ''} to={to ?? ''} onChange={change} />
        </div>
      </PageHeading>
      <AgentChoice agent={agent ?? ''} onChange={change} />
      <div className="overview" aria-busy={isLoading}>
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && value === undefined && <Loading />}
        {!fault && value?.totals.calls === 0 && (
          <section className="card overview-wide">
            <Empty title={texts.empty}>{texts.emptyHint}</Empty>
          </section>
        )}
        {!fault && value !== undefined && value.totals.calls > 0 && <Charts stats={value} agent={agent ?? ''} />}
      </div>
    </>
  );
}

function Charts({ stats, agent }: { readonly stats: Compared; readonly agent: string }) {
  const { from, to } = stats.span;
  const callsOf = (fields: Readonly<Record<string, string>>) => {
    const all = { from: dayOf(from), to: dayOf(new Date(to.getTime() - 1)), agent, ...fields };
    return `/calls?${new URLSearchParams(Object.entries(all).filter(([, text]) => text !== '')).toString()}`;
  };
  return (
    <>
      <Totals stats={stats} />
      <TimeChart stats={stats} callsOf={callsOf} />
      <QualitySection stats={stats} callsOf={callsOf} />
      <Shares
        title={texts.outcomes}
        parts={stats.reasons.map(({ reason, calls }) => ({
          name: reasonText(reason),
          calls,
          href: callsOf({ reason }),
        }))}
      />
      <Shares
        title={texts.transports}
        parts={stats.transports.map(({ transport, calls }) => ({
          name: transportText(transport),
          calls,
          href: callsOf({ transport }),
        }))}
      />
      <HourMap hours={stats.hours} zone={stats.zone} />
      <AgentTable agents={stats.agents} callsOf={callsOf} />
    </>
  );
}

function Totals({ stats: { totals, before, hours } }: { readonly stats: Compared }) {
  const busiest = busiestHour(hours);
  return (
    <section className="totals overview-wide" aria-label={texts.totals}>
      <Total name={texts.calls} value={countText(totals.calls)} change={changeOf(totals.calls, before.calls)} />
      <Total name={texts.minutes} value={roundText(totals.minutes)} change={changeOf(totals.minutes, before.minutes)} />
      <Total
        name={texts.median}
        value={totals.medianDuration === null ? '–' : clockText(totals.medianDuration)}
        change={changeOf(totals.medianDuration, before.medianDuration)}
        hint={texts.medianHint}
      />
      <Total
        name={texts.busiest}
        value={busiest ? `${texts.shortWeekdays[busiest.weekday] ?? ''} ${busiest.hour}:00` : '–'}
      />
    </section>
  );
}

/** Compared with the previous period of the same length; nothing if that had none. */
function changeOf(now: number | null, before: number | null): string | undefined {
  if (now === null || before === null || before === 0) return undefined;
  const percent = Math.round((100 * (now - before)) / before);
  return texts.change(percent > 0 ? `+${percent}` : String(percent).replace('-', '−'));
}

interface TotalProps {
  readonly name: string;
  readonly value: string;
  readonly change?: string | undefined;
  readonly hint?: string;
}

function Total({ name, value, change, hint }: TotalProps) {
  return (
    <div className="card total" title={hint}>
      <p className="total-name">{name}</p>
      <p className="total-value numeric">{value}</p>
      {change !== undefined && <p className="total-change muted numeric">{change}</p>}
    </div>
  );
}

interface PeriodProps {
  readonly period: string;
  readonly from: string;
  readonly to: string;
  readonly onChange: Change;
}

/** One up to now, or any days. */
function PeriodChoice({ period, from, to, onChange }: PeriodProps) {
  const chosen = from !== '' && to !== '' ? null : (PERIODS.find((one) => one === period) ?? 'week');
  return (
    <>
      <fieldset className="choice">
        <legend className="visually-hidden">{texts.period}</legend>
        {PERIODS.map((one) => (
          <label key={one} className="choice-one">
            <input
              type="radio"
              name="period"
              className="visually-hidden"
              checked={one === chosen}
              onChange={() => onChange({ period: one, from: '', to: '' })}
            />
            <span>{texts.periods[one]}</span>
          </label>
        ))}
      </fieldset>
      {(['from', 'to'] as const).map((name) => (
        <label key={name} className="inline-field">
          <span className="field-label">{texts[name]}</span>
          <input
            type="date"
            className="input"
            value={{ from, to }[name]}
            onChange={({ target }) => onChange({ [name]: target.value })}
          />
        </label>
      ))}
    </>
  );
}

function AgentChoice({ agent, onChange }: { readonly agent: string; readonly onChange: Change }) {
  const { agents } = useWorkspace().me;
  if ((agents === null || agents.length < 2) && agent === '') return null;
  return (
    <div className="filters">
      <select
        className="input"
        aria-label={texts.agent}
        value={agent}
        onChange={({ target }) => onChange({ agent: target.value })}
      >
        <option value="">{texts.allAgents}</option>
        {[...new Set([...(agents ?? []), ...(agent === '' ? [] : [agent])])].map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </div>
  );
}
