import type { ChartConfiguration } from 'chart.js';
import { type ReactNode, useCallback } from 'react';
import { Link } from 'wouter';
import { overviewTexts } from '../texts/overview.js';
import { countText, wholeMomentText } from '../ui/format.js';
import { type Colours, useChart } from './chart.js';
import type { Compared } from './stats.js';
import { labelOf } from './time-chart.js';

const texts = overviewTexts.quality;

interface Props {
  readonly stats: Compared;
  /** Where the calls are listed that have these fields. */
  readonly callsOf: (fields: Readonly<Record<string, string>>) => string;
}

/** How good the calls were: what was not measured is said to be so. */
export function QualitySection({ stats, callsOf }: Props) {
  const { latency, tools, escalated, score, measuredSince } = stats;
  return (
    <>
      <section className="totals overview-wide" aria-label={texts.title}>
        <Total name={texts.latency} href={callsOf({ flag: 'slow' })} link={texts.slowCalls}>
          {latency === null ? texts.absent : texts.ms(latency.p50)}
          {latency !== null && <small>{texts.p95(texts.ms(latency.p95), countText(latency.n))}</small>}
        </Total>
        <Total name={texts.tools} href={callsOf({ flag: 'toolFailed' })} link={texts.failedCalls}>
          {tools.calls === 0 ? texts.noTools : countText(tools.failed)}
          {tools.calls > 0 && <small>{texts.ofTools(countText(tools.calls))}</small>}
        </Total>
        <Total name={texts.escalated} href={callsOf({ flag: 'escalated' })} link={texts.escalatedCalls}>
          {countText(escalated)}
        </Total>
        <Total name={texts.score} href={callsOf({ flag: 'lowScore' })} link={texts.lowCalls}>
          {score === null ? texts.notJudged : `${Math.round((100 * score.passed) / score.judged)}%`}
          {score !== null && <small>{texts.ofJudged(countText(score.passed), countText(score.judged))}</small>}
        </Total>
      </section>
      {measuredSince !== null && (
        <p className="muted overview-wide">{texts.measuredSince(wholeMomentText(measuredSince))}</p>
      )}
      {latency !== null && <LatencyChart stats={stats} />}
    </>
  );
}

interface TotalProps {
  readonly name: string;
  readonly href: string;
  readonly link: string;
  readonly children: ReactNode;
}

function Total({ name, href, link, children }: TotalProps) {
  return (
    <div className="card total">
      <p className="total-name">{name}</p>
      <p className="total-value total-measure numeric">{children}</p>
      <p className="total-change">
        <Link href={href}>{link}</Link>
      </p>
    </div>
  );
}

/** The time to answer as two lines; the same as a table. */
function LatencyChart({ stats }: { readonly stats: Compared }) {
  const configure = useCallback((colours: Colours) => configurationOf(stats, colours), [stats]);
  const canvas = useChart(configure);
  const measured = stats.buckets.filter(({ latency }) => latency !== null);
  return (
    <section className="card chart-card overview-wide">
      <header className="chart-head">
        <h2 className="chart-title">{texts.overTime}</h2>
        <ul className="legend">
          <li className="legend-entry legend-bar">{texts.p50Name}</li>
          <li className="legend-entry legend-line">{texts.p95Name}</li>
        </ul>
      </header>
      <div className="chart-frame">
        <canvas ref={canvas} role="img" aria-label={texts.summary(measured.length)} />
      </div>
      <details className="as-table">
        <summary>{texts.asTable}</summary>
        <div className="as-table-frame" tabIndex={0} role="region" aria-label={texts.overTime}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{overviewTexts.when}</th>
                {[texts.p50Name, texts.p95Name, texts.turns].map((name) => (
                  <th key={name} scope="col" className="cell-end">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {measured.map(({ at, latency }) => (
                <tr key={at}>
                  <th scope="row">{labelOf(at, stats)}</th>
                  <td className="cell-end numeric">{latency && texts.ms(latency.p50)}</td>
                  <td className="cell-end numeric">{latency && texts.ms(latency.p95)}</td>
                  <td className="cell-end numeric">{latency && countText(latency.n)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

/** A bucket without a turn that was measured is a gap in the lines. */
function configurationOf(stats: Compared, colours: Colours): ChartConfiguration {
  const { buckets } = stats;
  const ticks = { color: colours.quiet, font: { size: 11.5 }, maxRotation: 0, autoSkipPadding: 16 };
  const line = (name: string, colour: string, valueOf: (bucket: Compared['buckets'][number]) => number | null) => ({
    type: 'line' as const,
    label: name,
    data: buckets.map(valueOf),
    spanGaps: false,
    borderColor: colour,
    backgroundColor: colour,
    borderWidth: 2,
    tension: 0.2,
    pointRadius: 2.5,
  });
  return {
    type: 'line',
    data: {
      labels: buckets.map(({ at }) => labelOf(at, stats)),
      datasets: [
        line(texts.p50Name, colours.accent, ({ latency }) => latency?.p50 ?? null),
        line(texts.p95Name, colours.second, ({ latency }) => latency?.p95 ?? null),
      ],
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: { grid: { display: false }, border: { color: colours.line }, ticks },
        y: {
          beginAtZero: true,
          grid: { color: colours.line },
          border: { display: false },
          ticks: { ...ticks, callback: (value) => texts.ms(Number(value)) },
        },
      },
      plugins: {
        tooltip: {
          padding: 10,
          boxPadding: 4,
          callbacks: { label: ({ dataset, parsed }) => `${dataset.label ?? ''}: ${texts.ms(parsed.y ?? 0)}` },
        },
      },
    },
  };
}
