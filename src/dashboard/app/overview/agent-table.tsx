import { Link } from 'wouter';
import { AgentMark } from '../calls/call-facts.js';
import { overviewTexts as texts } from '../texts/overview.js';
import { clockText, countText, roundText } from '../ui/format.js';
import type { Stats } from './stats.js';

interface Props {
  readonly agents: Stats['agents'];
  /** Where the calls are listed that have these fields. */
  readonly callsOf: (fields: Readonly<Record<string, string>>) => string;
}

export function AgentTable({ agents, callsOf }: Props) {
  return (
    <section className="card chart-card overview-wide">
      <h2 className="chart-title">{texts.agents}</h2>
      <div className="as-table-frame" tabIndex={0} role="region" aria-label={texts.agents}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{texts.name}</th>
              <th scope="col" className="cell-end">
                {texts.calls}
              </th>
              <th scope="col" className="cell-end">
                {texts.minutes}
              </th>
              <th scope="col" className="cell-end">
                {texts.median}
              </th>
              <th scope="col" className="cell-end">
                {texts.quality.latency}
              </th>
              <th scope="col" className="cell-end">
                {texts.quality.p95Name}
              </th>
            </tr>
          </thead>
          <tbody>
            {agents.map(({ agent, calls, minutes, medianDuration, latency }) => (
              <tr key={agent}>
                <th scope="row">
                  <span className="cell-agent">
                    <AgentMark agent={agent} />
                    <Link href={callsOf({ agent })}>
                      <bdi>{agent}</bdi>
                    </Link>
                  </span>
                </th>
                <td className="cell-end numeric">{countText(calls)}</td>
                <td className="cell-end numeric">{roundText(minutes)}</td>
                <td className="cell-end numeric">{medianDuration === null ? '–' : clockText(medianDuration)}</td>
                <td className="cell-end numeric">{latency === null ? '–' : texts.quality.ms(latency.p50)}</td>
                <td className="cell-end numeric">{latency === null ? '–' : texts.quality.ms(latency.p95)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
