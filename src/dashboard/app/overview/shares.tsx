import type { ChartConfiguration } from 'chart.js';
import { useCallback, useMemo } from 'react';
import { Link } from 'wouter';
import { overviewTexts as texts } from '../texts/overview.js';
import { countText } from '../ui/format.js';
import { type Colours, useChart } from './chart.js';

interface Part {
  readonly name: string;
  readonly calls: number;
  /** Where they are listed; absent: they are of several names. */
  readonly href?: string;
}

interface Props {
  readonly title: string;
  readonly parts: readonly Part[];
}

/** More are not told apart by colour; the smallest go together. */
const MAX_PARTS = 6;

/** Parts of a whole as a ring, and beside it as a list that says the same. */
export function Shares({ title, parts: given }: Props) {
  const parts = useMemo(() => withOthers(given), [given]);
  const configure = useCallback((colours: Colours) => configurationOf(parts, colours), [parts]);
  const canvas = useChart(configure);
  const whole = parts.reduce((sum, { calls }) => sum + calls, 0);
  return (
    <section className="card chart-card">
      <h2 className="chart-title">{title}</h2>
      <div className="shares">
        <div className="ring-frame" aria-hidden="true">
          <canvas ref={canvas} />
        </div>
        <ul className="share-list">
          {parts.map(({ name, calls, href }, index) => (
            <li key={name} className="share">
              <span className={`share-mark chart-colour-${index + 1}`} aria-hidden="true" />
              <span className="share-name">{href === undefined ? name : <Link href={href}>{name}</Link>}</span>
              <span className="numeric">{countText(calls)}</span>
              <span className="share-part numeric muted">{Math.round((100 * calls) / whole)}%</span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

function withOthers(parts: readonly Part[]): readonly Part[] {
  if (parts.length <= MAX_PARTS) return parts;
  const others = parts.slice(MAX_PARTS - 1).reduce((sum, { calls }) => sum + calls, 0);
  return [...parts.slice(0, MAX_PARTS - 1), { name: texts.others, calls: others }];
}

function configurationOf(parts: readonly Part[], colours: Colours): ChartConfiguration<'doughnut'> {
  return {
    type: 'doughnut',
    data: {
      labels: parts.map(({ name }) => name),
      datasets: [
        {
          data: parts.map(({ calls }) => calls),
          backgroundColor: [...colours.parts],
          borderColor: colours.surface,
          borderWidth: 2,
        },
      ],
    },
    options: { responsive: true, maintainAspectRatio: false, animation: false, cutout: '68%' },
  };
}
