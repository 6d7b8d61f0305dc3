import type { ChartConfiguration } from 'chart.js';
import { useCallback } from 'react';
import { overviewTexts as texts } from '../texts/overview.js';
import { countText, roundText } from '../ui/format.js';
import { type Colours, useChart } from './chart.js';
import type { Stats } from './stats.js';

const HOUR = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** Calls as bars, minutes as a line; the same as a table for whoever reads rather than looks. */
export function TimeChart({ stats }: { readonly stats: Stats }) {
  const configure = useCallback((colours: Colours) => configurationOf(stats, colours), [stats]);
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
                  <th scope="row">{labelOf(at, stats.bucket)}</th>
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

function labelOf(at: string, bucket: Stats['bucket']): string {
  return (bucket === 'hour' ? HOUR : DAY).format(new Date(at));
}

function configurationOf({ buckets, bucket }: Stats, colours: Colours): ChartConfiguration {
  const ticks = { color: colours.quiet, font: { size: 11.5 }, maxRotation: 0, autoSkipPadding: 16 };
  const { accent, second, line } = colours;
  return {
    type: 'bar',
    data: {
      labels: buckets.map(({ at }) => labelOf(at, bucket)),
      datasets: [
        {
          type: 'line',
          label: texts.minutes,
          data: buckets.map(({ minutes }) => minutes),
          yAxisID: 'minutes',
          ...{ borderColor: second, backgroundColor: second, borderWidth: 2, tension: 0.3, pointRadius: 2.5 },
        },
        {
          type: 'bar',
          label: texts.calls,
          data: buckets.map(({ calls }) => calls),
          yAxisID: 'calls',
          ...{ backgroundColor: accent, borderRadius: 4, maxBarThickness: 38 },
        },
      ],
    },
    options: {
      ...{ responsive: true, maintainAspectRatio: false, animation: false },
      interaction: { mode: 'index', intersect: false },
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
