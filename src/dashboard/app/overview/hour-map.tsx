import { overviewTexts as texts } from '../texts/overview.js';
import type { Stats } from './stats.js';

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
/** Weeks are read from Monday on. */
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 0];
const STEPS = 6;

/**
 * The week's hours, darker the busier, by the root of their calls: one busy hour does not make all others look alike. A
 * table, so that it can be read cell by cell.
 */
export function HourMap({ hours, zone }: { readonly hours: Stats['hours']; readonly zone: string }) {
  const counts = new Map(hours.map(({ weekday, hour, calls }) => [`${weekday} ${hour}`, calls]));
  const most = Math.max(1, ...counts.values());
  return (
    <section className="card chart-card overview-wide">
      <h2 className="chart-title">{texts.hours}</h2>
      <p className="muted chart-hint">{texts.hoursHint(zone)}</p>
      <div className="hours-frame" tabIndex={0} role="region" aria-label={texts.hours}>
        <table className="hours">
          <caption className="visually-hidden">{texts.hoursCaption}</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">{texts.weekday}</span>
              </th>
              {HOURS.map((hour) => (
                <th key={hour} scope="col" className="hours-hour numeric">
                  {hour}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {WEEKDAYS.map((weekday) => (
              <tr key={weekday}>
                <th scope="row" className="hours-day">
                  {texts.shortWeekdays[weekday]}
                </th>
                {HOURS.map((hour) => {
                  const calls = counts.get(`${weekday} ${hour}`) ?? 0;
                  return (
                    <td
                      key={hour}
                      className={`hours-cell heat-${Math.ceil(STEPS * Math.sqrt(calls / most))}`}
                      title={texts.cell(texts.weekdays[weekday] ?? '', hour, calls)}
                    >
                      <span className="visually-hidden">{calls}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
