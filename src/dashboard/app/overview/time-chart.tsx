import type { ChartConfiguration } from 'chart.js';
import { useCallback, useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { overviewTexts as texts } from '../texts/overview.js';
import { countText, roundText } from '../ui/format.js';
import { type Colours, useChart } from './chart.js';
import { dayOf } from './period.js';
import type { Compared, Stats } from './stats.js';

const DAY_HOURS = 25;
const DAY_AND_HOUR = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const HOUR = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Calls as bars, minutes as a line; the same as a table for whoever reads rather than looks. */
interface Props {
  readonly stats: Compared;
  /** Where the calls are listed that have these fields. */
  readonly callsOf: (fields: Readonly<Record<string, string>>) => string;
}

export function TimeChart({ stats, callsOf }: Props) {
  const [, navigate] = useLocation();
  const go = useRef((_at: string) => {});
  useEffect(() => {
    go.current = (at) => navigate(callsOfDay(callsOf, at));
  });
  const configure = useCallback((colours: Colours) => configurationOf(stats, colours, (at) => go.current(at)), [stats]);
  const canvas = useChart(configure);
  const { buckets, totals } = stats;
  return (
    <section className="card chart-card overview-wide">
      <header className="chart-head">
        <h2 className="chart-title">{texts.overTime}</h2>
        <ul className="legend">
          <li className="legend-entry legend-bar">{texts.calls}</li>
          <li className="legend-entry legend-line">{texts.minutes}</li>
        </ul>
      </header>
      <div className="chart-frame">
        <canvas ref={canvas} role="img" aria-label={texts.chartSummary(countText(totals.calls), buckets.length)} />
      </div>
      <details className="as-table">
        <summary>{texts.asTable}</summary>
        <div className="as-table-frame" tabIndex={0} role="region" aria-label={texts.overTime}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{texts.when}</th>
                <th scope="col" className="cell-end">
                  {texts.calls}
                </th>
                <th scope="col" className="cell-end">
                  {texts.minutes}
                </th>
              </tr>
            </thead>
            <tbody>
              {buckets.map(({ at, calls, minutes }) => (
                <tr key={at}>
                  <th scope="row">
                    <Link href={callsOfDay(callsOf, at)}>{labelOf(at, stats)}</Link>
                    {isUnfinished(at, stats) && <span className="muted"> {texts.unfinished}</span>}
                  </th>
                  <td className="cell-end numeric">{countText(calls)}</td>
                  <td className="cell-end numeric">{roundText(minutes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

/** Of several days each hour says which day's it is. */
export function labelOf(at: string, { bucket, buckets }: Pick<Stats, 'bucket' | 'buckets'>): string {
  const hours = buckets.length > DAY_HOURS ? DAY_AND_HOUR : HOUR;
  return (bucket === 'hour' ? hours : DAY).format(new Date(at));
}

function callsOfDay(callsOf: Props['callsOf'], at: string): string {
  const day = dayOf(new Date(at));
  return callsOf({ from: day, to: day });
}

/** The hour or day that goes on. */
function isUnfinished(at: string, { bucket, span: { to } }: Pick<Compared, 'bucket' | 'span'>): boolean {
  const end = new Date(at);
  if (bucket === 'hour') end.setHours(end.getHours() + 1);
  else end.setDate(end.getDate() + 1);
  return end.getTime() > to.getTime();
}

function configurationOf(stats: Compared, colours: Colours, onPick: (at: string) => void): ChartConfiguration {
  const { buckets } = stats;
  const ticks = { color: colours.quiet, font: { size: 11.5 }, maxRotation: 0, autoSkipPadding: 16 };
  const { accent, second, line } = colours;
  return {
    type: 'bar',
    data: {
      labels: buckets.map(({ at }) => labelOf(at, stats)),
      datasets: [
        {
          type: 'line',
          label: texts.minutes,
          data: buckets.map(({ minutes }) => minutes),
          yAxisID: 'minutes',
          borderColor: second,
          backgroundColor: second,
          borderWidth: 2,
          tension: 0.3,
          pointRadius: 2.5,
        },
        {
          type: 'bar',
          label: texts.calls,
          data: buckets.map(({ calls }) => calls),
          yAxisID: 'calls',
          // What is not over yet is an outline.
          backgroundColor: buckets.map(({ at }) => (isUnfinished(at, stats) ? 'transparent' : accent)),
          borderColor: accent,
          borderWidth: buckets.map(({ at }) => (isUnfinished(at, stats) ? 2 : 0)),
          borderRadius: 4,
          maxBarThickness: 38,
        },
      ],
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: 'index', intersect: false },
      onClick: (_event, [element]) => {
        const picked = element === undefined ? undefined : buckets[element.index];
        if (picked !== undefined) onPick(picked.at);
      },
      scales: {
        x: { grid: { display: false }, border: { color: line }, ticks },
        calls: {
          beginAtZero: true,
          grid: { color: line },
          border: { display: false },
          ticks: { ...ticks, precision: 0 },
        },
        minutes: { beginAtZero: true, position: 'right', grid: { display: false }, border: { display: false }, ticks },
      },
      plugins: { tooltip: { padding: 10, boxPadding: 4 } },
    },
  };
}
