import type { ReactNode } from 'react';
import type { Bill } from '../../../../calls/fold/bill.js';
import type { CallView } from '../../../../calls/fold/call-view.js';
import type { Judgement, Score, WholeQuality } from '../../../../calls/fold/quality.js';
import { traceTexts } from '../../texts/trace.js';
import { countText } from '../../ui/format.js';
import { SLOW_MS } from './trace.js';
import { msText } from './trace-words.js';

const texts = traceTexts.facts;

interface Props {
  readonly view: CallView;
  /** What upstream bills, for the operator; null: it does not say; undefined: it is not for this reader. */
  readonly cost: Bill | null | undefined;
}

/** How good a call was. What nobody measured is said to be so. */
export function QualityCard({ view, cost }: Props) {
  const { quality } = view;
  const { language, interruptions, score } = quality;
  return (
    <section className="card quality" aria-label={traceTexts.quality}>
      <h2 className="trace-title">{traceTexts.quality}</h2>
      <dl className="quality-facts">
        <Fact name={texts.latency}>
          <LatencyText quality={quality} />
        </Fact>
        <Fact name={texts.tools}>
          <ToolsText quality={quality} />
        </Fact>
        <Fact name={texts.interruptions}>{countText(interruptions)}</Fact>
        <Fact name={texts.language}>{language === null ? null : <bdi>{languageName(language)}</bdi>}</Fact>
        <Fact name={texts.confidence} hint={texts.confidenceHint}>
          {confidenceText(view)}
        </Fact>
        <Fact name={texts.score}>
          {score === null ? <NotSaid text={texts.notJudged} /> : <ScoreText score={score} />}
        </Fact>
        {cost !== undefined && (
          <Fact name={texts.cost} hint={texts.costHint}>
            {cost === null ? <NotSaid text={texts.noCost} /> : <CostText bill={cost} />}
          </Fact>
        )}
      </dl>
      {score?.judges !== undefined && score.judges.length > 0 && <Verdicts judges={score.judges} />}
    </section>
  );
}

interface FactProps {
  readonly name: string;
  readonly hint?: string;
  /** Null: it was not measured. */
  readonly children: ReactNode;
}

function Fact({ name, hint, children }: FactProps) {
  return (
    <div className="quality-fact">
      <dt title={hint}>{name}</dt>
      <dd>{children ?? <NotSaid text={traceTexts.absent} />}</dd>
    </div>
  );
}

function NotSaid({ text }: { readonly text: string }) {
  return <span className="muted">{text}</span>;
}

function LatencyText({ quality: { latency } }: { readonly quality: WholeQuality }) {
  if (latency === null) return <NotSaid text={traceTexts.absent} />;
  const { p50, p95, max, n } = latency;
  return (
    <>
      <span className={p95 >= SLOW_MS ? 'is-bad' : ''}>
        {texts.typical(msText(p50))}
        {p95 >= SLOW_MS && `, ${traceTexts.slow}`}
      </span>
      <small className="muted">
        {texts.most(msText(p95), msText(max))}, {texts.turns(n)}
      </small>
    </>
  );
}

function ToolsText({ quality: { tools } }: { readonly quality: WholeQuality }) {
  if (tools.calls === 0) return <span className="muted">{texts.noTools}</span>;
  return (
    <>
      <span>{texts.called(tools.calls)}</span>
      {tools.failed > 0 && <small className="is-bad">{texts.ofWhichFailed(tools.failed)}</small>}
    </>
  );
}

function ScoreText({ score: { passed, held, judged, reason } }: { readonly score: Score }) {
  return (
    <>
      {passed !== null && <span className={passed ? '' : 'is-bad'}>{passed ? texts.passed : texts.notPassed}</span>}
      {judged > 0 && <small className="muted">{texts.judged(held, judged)}</small>}
      {reason !== null && <small>{reason}</small>}
    </>
  );
}

function Verdicts({ judges }: { readonly judges: readonly Judgement[] }) {
  return (
    <details className="verdicts">
      <summary>
        {texts.verdicts} ({judges.length})
      </summary>
      <ul>
        {judges.map(({ name, verdict, reason }, index) => (
          <li key={`${index} ${name}`} className="verdict">
            <strong>
              <bdi>{name}</bdi>
            </strong>{' '}
            <span className={verdict === 'broken' ? 'is-bad' : 'muted'}>
              {texts.verdictNames[verdict ?? ''] ?? verdict ?? traceTexts.absent}
            </span>
            {reason !== null && <p>{reason}</p>}
          </li>
        ))}
      </ul>
    </details>
  );
}

const MAX_DECIMALS = 4;

function CostText({ bill: { amount, currency, rows } }: { readonly bill: Bill }) {
  const text = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: MAX_DECIMALS });
  return (
    <>
      <span className="numeric">{`${text.format(amount)} ${currency ?? ''}`.trim()}</span>
      {rows !== null && rows.length > 0 && (
        <details>
          <summary>
            {texts.costRows} ({rows.length})
          </summary>
          <pre tabIndex={0}>{rows.map((row) => JSON.stringify(row)).join('\n')}</pre>
        </details>
      )}
    </>
  );
}

/** The mean over the caller's lines; null: none says it. */
function confidenceText({ transcript }: CallView): string | null {
  const sure = transcript.flatMap(({ role, confidence }) =>
    role === 'user' && confidence !== undefined ? [confidence] : [],
  );
  if (sure.length === 0) return null;
  return `${Math.round((100 * sure.reduce((sum, one) => sum + one, 0)) / sure.length)} %`;
}

function languageName(code: string): string {
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(code) ?? code;
  } catch {
    return code; // Upstream may send any word.
  }
}
