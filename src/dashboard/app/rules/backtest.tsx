import { useRef, useState } from 'react';
import { Link } from 'wouter';
import { serverNow } from '../common/clock.js';
import { ruleTexts } from '../texts/rules.js';
import { countText, wholeMomentText } from '../ui/format.js';
import { Choice } from './condition-fields.js';
import type { BacktestPage, Caught, RulePlace } from './rules.js';

const texts = ruleTexts.backtest;
const DAY_MS = 86_400_000;
/** More is not kept: the rule catches too much to be read. */
const MAX_SHOWN = 200;

interface Props {
  readonly place: RulePlace;
  readonly rule: object;
  readonly write: <Answer>(act: () => Promise<Answer>) => Promise<Answer>;
  readonly onRefused: (error: unknown) => void;
}

interface Trial {
  readonly asked: string;
  readonly caught: readonly Caught[];
  readonly calls: number;
  readonly isRunning: boolean;
}

/** What a rule would have caught, before it is switched on. */
export function Backtest({ place, rule, write, onRefused }: Props) {
  const [days, setDays] = useState('30');
  const [trial, setTrial] = useState<Trial>();
  const round = useRef(0);
  const asked = JSON.stringify(rule);
  const run = async () => {
    const own = (round.current += 1);
    const to = new Date(serverNow()).toISOString();
    const from = new Date(Date.parse(to) - Number(days) * DAY_MS).toISOString();
    let [caught, calls]: [readonly Caught[], number] = [[], 0];
    setTrial({ asked, caught, calls, isRunning: true });
    try {
      for (let cursor: string | undefined; ;) {
        // A name is needed only when it is saved.
        const body = { rule: { ...rule, name: 'trial' }, from, to, ...(cursor !== undefined && { cursor }) };
        const page = await write(() => place.client.send<BacktestPage>('POST', `${place.path}/backtest`, body));
        if (round.current !== own) return;
        caught = [...caught, ...page.fired].slice(0, MAX_SHOWN);
        calls += page.calls;
        const isRunning = page.next !== null && caught.length < MAX_SHOWN;
        setTrial({ asked, caught, calls, isRunning });
        if (!isRunning) return;
        cursor = page.next ?? undefined;
      }
    } catch (error) {
      if (round.current !== own) return;
      setTrial(undefined);
      onRefused(error);
    }
  };
  const stop = () => {
    round.current += 1;
    setTrial(trial && { ...trial, isRunning: false });
  };
  return (
    <section className="backtest" aria-label={texts.title}>
      <div className="backtest-ask">
        <Choice label={texts.title} value={days} names={texts.periods} onChange={setDays} />
        <button type="button" className="button" onClick={() => (trial?.isRunning ? stop() : void run())}>
          {trial?.isRunning ? texts.stop : texts.run}
        </button>
      </div>
      <p className="muted" role="status">
        {trial && saidOf(trial)}
      </p>
      {trial && trial.asked !== asked && <p className="notice">{texts.stale}</p>}
      {trial && <CaughtCalls caught={trial.caught} place={place} />}
    </section>
  );
}

function saidOf({ caught, calls, isRunning }: Trial): string {
  if (isRunning) return texts.running(countText(calls));
  if (calls === 0) return texts.noCalls;
  const count = new Set(caught.map(({ callId }) => callId)).size;
  const found = count === 0 ? texts.none : texts.caught(count, countText(count));
  const whole = caught.length < MAX_SHOWN ? '' : ` ${texts.tooMany(countText(MAX_SHOWN))}`;
  return `${found}. ${texts.done(countText(calls), calls)}.${whole}`;
}

function CaughtCalls({ caught, place }: { readonly caught: readonly Caught[]; readonly place: RulePlace }) {
  if (caught.length === 0) return null;
  return (
    <ul className="caught-list" aria-label={texts.list}>
      {caught.map(({ callId, at, event, because }) => (
        <li key={`${callId} ${event} ${at}`} className="caught-one">
          <Link href={`${place.callHref(callId)}?event=${event}`} aria-label={`${texts.open}: ${wholeMomentText(at)}`}>
            {wholeMomentText(at)}
          </Link>
          {(because.all ?? [because]).map((one, index) => (
            <p key={index} className="found" dir="auto">
              <mark>{one.text ?? texts.because[one.condition] ?? one.condition}</mark>
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}
