import { useCallback, useState } from 'react';
import { PageHeading } from '../shell/page-heading.js';
import { useWorkspace } from '../workspace/workspace.js';
import { overviewTexts as texts } from '../texts/overview.js';
import { clockText, countText, roundText } from '../ui/format.js';
import { Empty, Failed, Loading } from '../ui/states.js';
import { useLoaded } from '../stream/use-loaded.js';
import { AgentTable } from './agent-table.js';
import { HourMap } from './hour-map.js';
import { Shares } from './shares.js';
import { PERIODS, type Period, type Stats, busiestHour, loadStats } from './stats.js';
import { TimeChart } from './time-chart.js';
import { reasonText, transportText } from '../calls/call-facts.js';
import '../styles/calls.css';
import '../styles/overview.css';

/** What one would rather look at than read. */
export default function OverviewPage() {
  const { client } = useWorkspace();
  const [period, setPeriod] = useState<Period>('week');
  const load = useCallback((signal: AbortSignal) => loadStats(client, period, signal), [client, period]);
  const { value, fault, isLoading, reload } = useLoaded(load);
  return (
    <>
      <PageHeading title={texts.title}>
        <div className="page-heading-end">
          <PeriodChoice period={period} onChange={setPeriod} />
        </div>
      </PageHeading>
      <div className="overview" aria-busy={isLoading}>
        {fault && <Failed fault={fault} onRetry={reload} />}
        {!fault && value === undefined && <Loading />}
        {!fault && value?.totals.calls === 0 && (
          <section className="card overview-wide">
            <Empty title={texts.empty}>{texts.emptyHint}</Empty>
          </section>
        )}
        {!fault && value !== undefined && value.totals.calls > 0 && <Charts stats={value} />}
      </div>
    </>
  );
}

function Charts({ stats }: { readonly stats: Stats & { readonly zone: string } }) {
  return (
    <>
      <Totals stats={stats} />
      <TimeChart stats={stats} />
      <Shares
        title={texts.outcomes}
        parts={stats.reasons.map(({ reason, calls }) => ({ name: reasonText(reason), calls }))}
      />
      <Shares
        title={texts.transports}
        parts={stats.transports.map(({ transport, calls }) => ({ name: transportText(transport), calls }))}
      />
      <HourMap hours={stats.hours} zone={stats.zone} />
      <AgentTable agents={stats.agents} />
    </>
  );
}

function Totals({ stats: { totals, hours } }: { readonly stats: Stats }) {
  const busiest = busiestHour(hours);
  return (
    <section className="totals overview-wide" aria-label={texts.totals}>
      <Total name={texts.calls} value={countText(totals.calls)} />
      <Total name={texts.minutes} value={roundText(totals.minutes)} />
      <Total
        name={texts.median}
        value={totals.medianDuration === null ? '–' : clockText(totals.medianDuration)}
        hint={texts.medianHint}
      />
      <Total
        name={texts.busiest}
        value={busiest ? `${texts.shortWeekdays[busiest.weekday] ?? ''} ${busiest.hour}:00` : '–'}
      />
    </section>
  );
}

function Total({ name, value, hint }: { readonly name: string; readonly value: string; readonly hint?: string }) {
  return (
    <div className="card total" title={hint}>
      <p className="total-name">{name}</p>
      <p className="total-value numeric">{value}</p>
    </div>
  );
}

function PeriodChoice({ period, onChange }: { readonly period: Period; readonly onChange: (period: Period) => void }) {
  return (
    <fieldset className="choice">
      <legend className="visually-hidden">{texts.period}</legend>
      {PERIODS.map((one) => (
        <label key={one} className="choice-one">
          <input
            type="radio"
            name="period"
            className="visually-hidden"
            checked={one === period}
            onChange={() => onChange(one)}
          />
          <span>{texts.periods[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}
